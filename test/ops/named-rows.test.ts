import { expect, it } from 'vitest'
import { embeddingBackward, embeddingForward } from '../../src/ops/embedding'
import { f16 } from '../../src/ops/format-f16'
import { f32 } from '../../src/ops/format-f32'
import { gatherBackward, gatherForward } from '../../src/ops/gather'
import { scoreHeadForward, scoreHeadShared } from '../../src/ops/score-head'
import { ofFormat } from '../../src/ops/weight-formats'
import { gatherRowsKernel } from '../../src/similarity/gather-rows'

// What the profiler is told: bytes of the rows that are named, and of nothing else in the table that they are in.
it('of a table only the rows move that are named', () => {
  const few = { T: 5, C: 64, first: 0, clear: 0, scale: 1, S: 6, R: 5, M: 5, V: 64, B: 0, K: 0, at: 0 }
  const rows = (words: number) => 4 * 5 * words
  for (const N of [100, 50_000]) {
    const values = { ...few, N }
    const { fours, ones } = embeddingBackward
    expect(ofFormat(embeddingForward, f32, 64).cost!({ ...values, W: 64 }).bytes).toBe(rows(1 + 64 + 64))
    expect(ofFormat(embeddingForward, f16, 64).cost!({ ...values, W: 32 }).bytes).toBe(rows(1 + 32 + 64))
    for (const kernel of [fours, ones])
      expect(kernel.cost!(values).bytes).toBe(rows(1 + 1 + 64 + 64 + 64) + 4 * 6)
    expect(gatherForward.fours.cost!(values).bytes).toBe(rows(1 + 64 + 64))
    expect(gatherBackward.fours.cost!(values).bytes).toBe(rows(1 + 64 + 64 + 64))
    expect(gatherRowsKernel.cost!({ ...values, B: N, K: N }).bytes).toBe(rows(1 + 64 + 64))
  }
  // A table of fewer rows than are named is read once.
  expect(ofFormat(embeddingForward, f32, 64).cost!({ ...few, N: 2, W: 64 }).bytes).toBe(
    4 * (5 + 2 * 64 + 5 * 64),
  )
})

it('scores tell their arithmetic', () => {
  for (const kernel of [scoreHeadForward.hardware.fours, scoreHeadForward.software.ones, scoreHeadShared[8]])
    expect(kernel.cost!({ N: 7, C: 64, K: 6 })).toEqual({ flops: 2 * 7 * 64 * 6 })
})
