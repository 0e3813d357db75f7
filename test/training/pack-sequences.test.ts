import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrainingError } from '../../src/training/errors'
import { packSequences } from '../../src/training/pack-sequences'
import cases from '../fixtures/packing.json'

const sequences = (lengths: readonly number[]) => lengths.map(length => ({ ids: new Uint32Array(length) }))
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

test('packs as TRL does', () => {
  for (const { limit, lengths, packs } of cases)
    expect(packSequences(sequences(lengths), { maxLength: limit })).toEqual(packs)
})

test('each sequence is in one pack, none is over the limit, and few are needed', () => {
  const given = fc
    .integer({ min: 1, max: 200 })
    .chain(maxLength =>
      fc.tuple(fc.constant(maxLength), fc.array(fc.integer({ min: 1, max: maxLength }), { maxLength: 120 })),
    )
  fc.assert(
    fc.property(given, ([maxLength, lengths]) => {
      const packs = packSequences(sequences(lengths), { maxLength })
      expect(packs.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()])
      const sizes = packs.map(pack => sum(pack.map(i => lengths[i]!)))
      for (const size of sizes) expect(size).toBeLessThanOrEqual(maxLength)
      // Two packs that are at most half full would have been one, so there are fewer than twice the least possible.
      expect(sizes.filter(size => 2 * size <= maxLength).length).toBeLessThanOrEqual(1)
      expect(packSequences(sequences(lengths), { maxLength })).toEqual(packs)
    }),
    { numRuns: 300 },
  )
})

test('none at all, and those that no pack can hold', () => {
  expect(packSequences([], { maxLength: 8 })).toEqual([])
  for (const length of [0, 9])
    expect(() => packSequences(sequences([3, length]), { maxLength: 8 })).toThrow(
      new TrainingError(
        `packSequences: sequence 1 has ${length} tokens, expected 1 to 8; encode with a smaller maxLength, or pack with a larger one`,
      ),
    )
})
