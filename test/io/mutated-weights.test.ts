import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteSource } from '../../src/io/byte-source'
import { type ModelFiles, ModelFilesError, modelFiles } from '../../src/io/model-files'
import { openWeights, WeightsError } from '../../src/io/model-weights'
import { SafetensorsError, writeSafetensors } from '../../src/io/safetensors'
import official from '../fixtures/safetensors.json'
import { fromBase64, layout } from './bytes'

const indexFile = 'model.safetensors.index.json'
const tensor = (rows: number, columns: number) => ({
  shape: [rows, columns],
  data: new Float32Array(rows * columns).fill(1),
})
const shards = {
  'model-1.safetensors': writeSafetensors([
    ['a', tensor(3, 5)],
    ['b', tensor(2, 2)],
  ]),
  'model-2.safetensors': writeSafetensors([['c', tensor(7, 1)]], { format: 'pt' }),
}
const index = JSON.stringify({
  metadata: { total_size: 104 },
  weight_map: { a: 'model-1.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors' },
})
const models: readonly Readonly<Record<string, Uint8Array<ArrayBuffer>>>[] = [
  { 'model.safetensors': fromBase64(official.file) },
  { 'model.safetensors': layout('{"h":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}}', 3) },
  { ...shards, [indexFile]: new TextEncoder().encode(index) },
]

/** Files in memory that note a read outside of them: the error for it could be taken for one of the format. */
function watched(contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>>) {
  const outside: string[] = []
  let read = 0
  const find = async (path: string): Promise<ByteSource | null> => {
    const bytes = Object.hasOwn(contents, path) ? contents[path]! : undefined
    if (!bytes) return null
    return {
      size: bytes.length,
      async read(begin, end) {
        const isInside =
          Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end
        if (!isInside || end > bytes.length) outside.push(`${path}: ${begin} to ${end} of ${bytes.length}`)
        read += end - begin
        return bytes.slice(begin, end)
      },
    }
  }
  return { files: modelFiles('mutated', find), outside, bytesRead: () => read }
}

/** Reads all that there is: tensors, and rows of them that they may not have. */
async function useAll(files: ModelFiles, [first, last]: readonly [number, number]): Promise<void> {
  const weights = await openWeights(files)
  const expected = [SafetensorsError, WeightsError, ModelFilesError]
  for (const name of weights.names()) {
    const { shape } = weights.entry(name)!
    for (const work of [() => weights.read(name), () => weights.readRows(name, first, last)])
      try {
        const values = await work()
        expect(values.length).toBeLessThanOrEqual(shape.reduce((a, b) => a * b, 1))
      } catch (error) {
        if (!expected.some(kind => error instanceof kind)) throw error
      }
  }
}

/** A change to a file: bytes set, inserted, removed, or an end cut off. */
const change = fc.record({
  kind: fc.constantFrom('flip', 'digit', 'insert', 'remove', 'repeat', 'cut'),
  at: fc.nat(1_000_000),
  byte: fc.oneof(
    fc.nat(255),
    fc.constantFrom(...Array.from('0123456789-.eE"{}[],:', char => char.charCodeAt(0))),
  ),
  length: fc.integer({ min: 1, max: 12 }),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function mutate(bytes: Uint8Array<ArrayBuffer>, { kind, at: place, byte, length }: Change) {
  // Most of a model's bytes are values, which cannot be wrong: the front is what is parsed.
  const at = bytes.length === 0 ? 0 : place % Math.min(bytes.length, 1200)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (kind) {
    case 'flip':
      return bytes.length === 0 ? bytes : joined(before, Uint8Array.of(byte), after.subarray(1))
    case 'digit': {
      // Another number in place of one: JSON still, and mostly a wrong shape or offset.
      const digits = [...bytes.keys()].filter(i => bytes[i]! >= 0x30 && bytes[i]! <= 0x39)
      const digit = digits[place % digits.length]
      const changed = bytes.slice()
      if (digit !== undefined) changed[digit] = 0x30 + (byte % 10)
      return changed
    }
    case 'insert':
      return joined(before, new Uint8Array(length).fill(byte), after)
    case 'remove':
      return joined(before, after.subarray(length))
    case 'repeat':
      return joined(before, after.subarray(0, length), after)
    default:
      return before.slice()
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The length of the header told anew, so that what is in it is parsed. */
function withLength(bytes: Uint8Array<ArrayBuffer>, original: Uint8Array<ArrayBuffer>) {
  if (bytes.length < 8 || original.length < 8) return bytes
  const told = Number(new DataView(original.buffer).getBigUint64(0, true)) + bytes.length - original.length
  if (told > 0) new DataView(bytes.buffer).setBigUint64(0, BigInt(told), true)
  return bytes
}

test('12 000 mutated models give weights or an error of their own, and never a read outside of a file', async () => {
  const row = fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(0.5, Number.NaN, 2 ** 53, -(2 ** 31)))
  let opened = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...models),
      fc.array(fc.tuple(fc.nat(2), change), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.tuple(row, row),
      async (model, changes, fitsLength, rows) => {
        const contents = { ...model }
        const names = Object.keys(contents)
        for (const [which, how] of changes) {
          const name = names[which % names.length]!
          contents[name] = mutate(contents[name]!, how)
        }
        if (fitsLength)
          for (const name of names.filter(path => path !== indexFile))
            contents[name] = withLength(contents[name]!, model[name]!)
        const { files, outside, bytesRead } = watched(contents)
        try {
          await useAll(files, rows)
          opened++
        } catch (error) {
          expect([SafetensorsError, WeightsError, ModelFilesError].some(kind => error instanceof kind)).toBe(
            true,
          )
        }
        expect(outside).toEqual([])
        const size = Object.values(contents).reduce((sum, bytes) => sum + bytes.length, 0)
        expect(bytesRead()).toBeLessThanOrEqual(4 * size)
      },
    ),
    { numRuns: 12_000 },
  )
  // Mutations that leave nothing to read would test little.
  expect(opened).toBeGreaterThan(100)
})
