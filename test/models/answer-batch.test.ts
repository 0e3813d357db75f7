import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answerBatch, roundedSize } from '../../src/models/answer-batch'
import { ModelError } from '../../src/models/errors'

describe('roundedSize', () => {
  test('holds at least n, at most an eighth more or the next 64', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1 << 20 }), n => {
        const size = roundedSize(n)
        expect(size).toBeGreaterThanOrEqual(Math.max(1, n))
        expect(size - n).toBeLessThanOrEqual(Math.max(n === 0 ? 64 : 63, n / 8))
        expect(size % 64).toBe(0)
        expect(roundedSize(size)).toBe(size)
        expect(roundedSize(n + 1)).toBeGreaterThanOrEqual(size)
      }),
    )
  })

  test('takes few values', () => {
    const sizes = new Set(Array.from({ length: 16384 }, (_, n) => roundedSize(n + 1)))
    // Eight multiples of 64 up to 512, then eight in each of five octaves.
    expect(sizes.size).toBe(8 + 5 * 8)
    expect([1, 64, 65, 512, 513, 577, 1024, 1025].map(roundedSize)).toEqual([
      64, 64, 128, 512, 576, 640, 1024, 1152,
    ])
  })
})

const answer = (answerBegin: number, ...ids: number[]) => ({ ids: Uint32Array.from(ids), answerBegin })

describe('answerBatch', () => {
  const batch = answerBatch([answer(2, 10, 11, 12, 13), answer(1, 20, 21), answer(3, 30, 31, 32, 33)])

  test('packs the answers, and fills up with tokens that see only themselves', () => {
    expect(batch.tokens).toBe(10)
    expect(batch.ids).toEqual(
      Uint32Array.from([10, 11, 12, 13, 20, 21, 30, 31, 32, 33, ...Array(54).fill(0)]),
    )
    expect([...batch.positions.subarray(0, 12)]).toEqual([0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 0, 0])
    const rows = Array.from({ length: 64 }, (_, t) => [...batch.ranges.subarray(4 * t, 4 * t + 4)])
    expect(rows.slice(3, 7)).toEqual([
      [0, 3, 3, 3],
      [4, 4, 4, 5],
      [4, 5, 5, 5],
      [6, 6, 6, 9],
    ])
    expect(rows[63]).toEqual([63, 63, 63, 63])
  })

  test('says which token predicts each answer token, and where each answer’s lie', () => {
    const none = 0xffffffff
    expect(batch.index).toEqual(Uint32Array.from([1, 2, 4, 8, ...Array(60).fill(none)]))
    expect([...batch.targets.subarray(0, 5)]).toEqual([12, 13, 21, 33, 0])
    expect(batch.spans).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
    ])
  })

  test('refuses an answer that nothing predicts', () => {
    expect(() => answerBatch([answer(1, 5, 6), answer(0, 7)])).toThrow(
      new ModelError(
        'answer 1 begins at token 0, which no token before it predicts; put a prompt or a beginning-of-text token before it',
      ),
    )
  })
})
