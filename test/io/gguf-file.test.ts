import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type GgufValue, writeGguf } from '../../src/io/gguf-file'
import { noise } from '../numbers'
import { readGguf } from './gguf-reader'

const values = fc.oneof(
  fc.record({ type: fc.constant('string' as const), value: fc.string({ unit: 'grapheme', maxLength: 40 }) }),
  fc.record({ type: fc.constant('u32' as const), value: fc.nat({ max: 0xffffffff }) }),
  fc.record({ type: fc.constant('f32' as const), value: fc.float({ noNaN: true }) }),
)
const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 33 }), { maxLength: 6 })
const pairs = keys.chain(list => fc.tuple(...list.map(key => fc.tuple(fc.constant(key), values))))
const tensors = keys.chain(list =>
  fc.tuple(
    ...list.map((name, i) =>
      fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 3 }).map(shape => {
        const data = noise(
          shape.reduce((a, b) => a * b, 1),
          i,
        )
        return { name, shape, data }
      }),
    ),
  ),
)

test('any metadata and tensors are where the format has them, aligned', () => {
  fc.assert(
    fc.property(pairs, tensors, (metadata, given) => {
      const list = metadata as readonly (readonly [string, GgufValue])[]
      const { metadata: read, tensors: held } = readGguf(writeGguf(list, given))
      expect([...read]).toEqual(list.map(([key, { value }]) => [key, value]))
      expect([...held.keys()]).toEqual(given.map(({ name }) => name))
      for (const { name, shape, data } of given) {
        expect(held.get(name)).toEqual({ ne: [...shape].reverse(), data })
      }
    }),
    { numRuns: 300 },
  )
})
