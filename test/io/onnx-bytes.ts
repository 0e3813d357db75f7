type Bytes = readonly number[]

const varint = (value: number): number[] =>
  value > 127 ? [(value % 128) | 128, ...varint(Math.floor(value / 128))] : [value]

/** A field of protobuf that holds a whole number. */
const whole = (field: number, value: number) => [...varint(field * 8), ...varint(value)]
/** A field of protobuf that holds bytes, other fields among them. */
export const part = (field: number, ...bytes: Bytes) => [
  ...varint(field * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
]
export const text = (field: number, words: string) => part(field, ...new TextEncoder().encode(words))
/** Of a tensor: where it is kept. */
export const externalEntry = (key: string, value: string) => part(13, ...text(1, key), ...text(2, value))

const INT64 = 7
const FLOAT = 1

const value = (field: number, name: string, type: number, shape: readonly (number | string)[]) => {
  const axes = shape.flatMap(size => part(1, ...(typeof size === 'string' ? text(2, size) : whole(1, size))))
  return part(field, ...text(1, name), ...part(2, ...part(1, ...whole(1, type), ...part(2, ...axes))))
}

/** A model that looks up rows of a table that lies in a file beside it: `input` [B, T] → `output` [B, T, columns]. */
export function lookupModel(
  rows: number,
  columns: number,
  { input = 'input_ids', type = INT64, output = 'last_hidden_state', file = 'model.onnx_data' } = {},
): Uint8Array<ArrayBuffer> {
  const table = [
    ...whole(1, rows),
    ...whole(1, columns),
    ...whole(2, FLOAT),
    ...text(8, 'table'),
    ...externalEntry('location', file),
    ...externalEntry('offset', '0'),
    ...externalEntry('length', `${rows * columns * 4}`),
    ...whole(14, 1),
  ]
  const graph = [
    ...part(1, ...text(1, 'table'), ...text(1, input), ...text(2, output), ...text(4, 'Gather')),
    ...text(2, 'graph'),
    ...part(5, ...table),
    ...value(11, input, type, ['batch', 'sequence']),
    ...value(12, output, FLOAT, ['batch', 'sequence', columns]),
  ]
  return Uint8Array.from([...whole(1, 9), ...part(7, ...graph), ...part(8, ...whole(2, 18))])
}
