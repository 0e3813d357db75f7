/** Just enough of ONNX's protobuf (onnx.proto3) to write a graph of standard operators on f32 tensors. */

type Bytes = readonly number[]

export interface OnnxNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Whole numbers, or lists of them. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>
}

/** An f32 input or output; a string names an axis whose size is not fixed. */
export interface OnnxValue {
  readonly name: string
  readonly shape: readonly (number | string)[]
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

const INT = 2
const INTS = 7
const FLOAT = 1

const attribute = (name: string, value: number | readonly number[]): Bytes =>
  typeof value === 'number'
    ? message(5, text(1, name), whole(3, value), whole(20, INT))
    : message(5, text(1, name), ...value.map(item => whole(8, item)), whole(20, INTS))

const node = ({ op, inputs, outputs, attributes = {} }: OnnxNode): Bytes =>
  message(
    1,
    ...inputs.map(name => text(1, name)),
    ...outputs.map(name => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  )

const value = (field: number, { name, shape }: OnnxValue): Bytes => {
  const axes = shape.map(size => message(1, typeof size === 'string' ? text(2, size) : whole(1, size)))
  return message(field, text(1, name), message(2, message(1, whole(1, FLOAT), message(2, ...axes))))
}

/** A model of operator set 13. */
export function onnxModel(
  nodes: readonly OnnxNode[],
  inputs: readonly OnnxValue[],
  outputs: readonly OnnxValue[],
): Uint8Array {
  const graph = [
    ...nodes.map(node),
    text(2, 'graph'),
    ...inputs.map(input => value(11, input)),
    ...outputs.map(output => value(12, output)),
  ]
  return Uint8Array.from([...whole(1, 8), ...message(7, ...graph), ...message(8, whole(2, 13))])
}
