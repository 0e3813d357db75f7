import { OnnxError } from './onnx-runtime'

type Kind = 'attribute' | 'entry' | 'function' | 'graph' | 'model' | 'node' | 'sparse' | 'tensor'

/**
 * Fields of onnx.proto3 that lead to tensors, and from tensors to where they are kept. Graphs lie inside the
 * attributes of nodes too.
 */
const FIELDS: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  entry: {},
}

/** Graphs inside graphs, far beyond what a model has and far below what the stack holds. */
const DEEPEST = 200

/**
 * The files beside an ONNX model that its tensors are kept in, in the order of their first mention. Reads names only, not
 * the weights.
 *
 * @param name of the file, for messages
 * @throws {OnnxError} if the bytes are no ONNX model
 */
export function externalDataFiles(bytes: Uint8Array, name: string): string[] {
  const found = new Set<string>()
  let graphs = 0
  const broken = (at: number, why: string) =>
    new OnnxError(`${name}: this is no ONNX model, or a part of one: ${why} at byte ${at}`)

  const visit = (kind: Kind, begin: number, end: number, depth: number): void => {
    if (depth > DEEPEST) throw broken(begin, `parts more than ${DEEPEST} deep`)
    if (kind === 'graph') graphs++
    const entry: [string, string] = ['', '']
    let at = begin
    const varint = () => {
      let value = 0
      // Values beyond 2^53 are lengths of nothing, so that their rounding does not matter.
      for (let shift = 0; shift < 70; shift += 7) {
        const byte = at < end ? bytes[at++] : undefined
        if (byte === undefined) throw broken(at, 'a number is cut off')
        value += (byte & 127) * 2 ** shift
        if (byte < 128) return value
      }
      throw broken(at, 'a number has more than ten bytes')
    }
    while (at < end) {
      const from = at
      const tag = varint()
      const field = Math.floor(tag / 8)
      const wire = tag % 8
      if (field === 0) throw broken(from, 'a field without a number')
      if (wire === 0) {
        varint()
        continue
      }
      const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : -1
      if (length < 0) throw broken(from, `a field of the unknown type ${wire}`)
      if (length > end - at) throw broken(from, `a field of ${length} bytes where ${end - at} are left`)
      const child = FIELDS[kind][field]
      if (wire === 2 && child) visit(child, at, at + length, depth + 1)
      else if (wire === 2 && kind === 'entry' && (field === 1 || field === 2))
        entry[field - 1] = UTF8.decode(bytes.subarray(at, at + length))
      at += length
    }
    if (kind === 'entry' && entry[0] === 'location') found.add(entry[1])
  }
  visit('model', 0, bytes.length, 0)
  if (graphs === 0) throw new OnnxError(`${name}: this is no ONNX model: it holds no graph`)
  return [...found]
}

const UTF8 = new TextDecoder()
