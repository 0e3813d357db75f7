/** Just enough of ONNX's protobuf (onnx.proto3) to write a graph of operators on f32 and whole numbers. */

type Bytes = readonly number[]

export interface OnnxNode {
  readonly op: string
  /** Default: ONNX's own operators. */
  readonly domain?: 'com.microsoft'
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, Attribute>>
}

/** Whole numbers, or lists of them, or a number of f32. */
export type Attribute = number | readonly number[] | { readonly float: number }

/** An input or output, f32 unless told; a string names an axis whose size is not fixed. */
export interface OnnxValue {
  readonly name: string
  readonly shape: readonly (number | string)[]
  readonly type?: 'float32' | 'int32' | 'int64'
}

/** Numbers that are part of the graph. */
export interface OnnxConstant {
  readonly name: string
  readonly type: 'float32' | 'int32' | 'int64'
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** Numbers of f32 that are part of the graph and lie in a file beside it. */
export interface OnnxExternal {
  readonly name: string
  readonly shape: readonly number[]
  readonly file: string
  /** In bytes. */
  readonly offset: number
  readonly length: number
}

function varint(value: number): Bytes {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return [...bytes, value]
}

const whole = (field: number, value: number): Bytes => [...varint(field * 8), ...varint(value)]
const message = (field: number, ...parts: Bytes[]): Bytes => {
  const body = parts.flat()
  return [...varint(field * 8 + 2), ...varint(body.length), ...body]
}
const text = (field: number, value: string): Bytes => message(field, [...new TextEncoder().encode(value)])

/** Kinds of attributes. */
const [FLOAT, INT, INTS] = [1, 2, 7]
/** Kinds of elements. */
const TYPES = { float32: 1, int32: 6, int64: 7 }

const littleEndian = (type: keyof typeof TYPES, values: readonly number[]): Bytes => {
  const bytes = type === 'int64' ? 8 : 4
  const view = new DataView(new ArrayBuffer(values.length * bytes))
  for (const [i, value] of values.entries()) {
    if (type === 'float32') view.setFloat32(4 * i, value, true)
    else if (type === 'int32') view.setInt32(4 * i, value, true)
    else view.setBigInt64(8 * i, BigInt(value), true)
  }
  return [...new Uint8Array(view.buffer)]
}

function attribute(name: string, value: Attribute): Bytes {
  if (typeof value === 'number') return message(5, text(1, name), whole(3, value), whole(20, INT))
  if (!('float' in value)) {
    return message(5, text(1, name), ...value.map(item => whole(8, item)), whole(20, INTS))
  }
  // A field of four bytes.
  const float = [...varint(2 * 8 + 5), ...littleEndian('float32', [value.float])]
  return message(5, text(1, name), float, whole(20, FLOAT))
}

const node = ({ op, domain, inputs, outputs, attributes = {} }: OnnxNode): Bytes =>
  message(
    1,
    ...inputs.map(name => text(1, name)),
    ...outputs.map(name => text(2, name)),
    text(4, op),
    ...(domain ? [text(7, domain)] : []),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  )

const value = (field: number, { name, shape, type = 'float32' }: OnnxValue): Bytes => {
  const axes = shape.map(size => message(1, typeof size === 'string' ? text(2, size) : whole(1, size)))
  return message(field, text(1, name), message(2, message(1, whole(1, TYPES[type]), message(2, ...axes))))
}

const constant = ({ name, type, shape, values }: OnnxConstant): Bytes =>
  message(
    5,
    ...shape.map(size => whole(1, size)),
    whole(2, TYPES[type]),
    text(8, name),
    message(9, littleEndian(type, values)),
  )

const external = ({ name, shape, file, offset, length }: OnnxExternal): Bytes =>
  message(
    5,
    ...shape.map(size => whole(1, size)),
    whole(2, TYPES.float32),
    text(8, name),
    ...Object.entries({ location: file, offset, length }).map(([key, value]) =>
      message(13, text(1, key), text(2, `${value}`)),
    ),
    whole(14, 1),
  )

/** A model of ONNX's operators of set `opset`, 13 unless told, and of Microsoft's. */
export function onnxModel(
  nodes: readonly OnnxNode[],
  inputs: readonly OnnxValue[],
  outputs: readonly OnnxValue[],
  {
    constants = [],
    externals = [],
    opset = 13,
  }: {
    readonly constants?: readonly OnnxConstant[]
    readonly externals?: readonly OnnxExternal[]
    readonly opset?: number
  } = {},
): Uint8Array {
  const graph = [
    ...nodes.map(node),
    text(2, 'graph'),
    ...constants.map(constant),
    ...externals.map(external),
    ...inputs.map(input => value(11, input)),
    ...outputs.map(output => value(12, output)),
  ]
  const sets = [message(8, whole(2, opset)), message(8, text(1, 'com.microsoft'), whole(2, 1))]
  return Uint8Array.from([...whole(1, 8), ...message(7, ...graph), ...sets.flat()])
}
