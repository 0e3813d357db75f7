import { describe, expect } from 'vitest'
import { expectedScore } from '../../src/ops/expected-score'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/expected-score'

describe('expected-score', () => {
  test.for([
    { B: 1, T: 1, V: 6, ids: [0, 1, 2, 3, 4, 5], scale: 3 },
    { B: 5, T: 3, V: 123, ids: [122, 7, 9, 0, 50, 61], scale: 3 },
    { B: 33, T: 2, V: 61, ids: [5, 4, 3], scale: 80 },
    { B: 2, T: 9, V: 7, ids: [6], scale: 3 },
  ])('matches the reference at %o', async ({ B, T, V, ids, scale }, { gpu }) => {
    const values = noise(B * T * V, 4, scale)
    const ends = Array.from({ length: B }, (_, b) => (b * 7 + T - 1) % T)
    using x = gpu.tensor([B, T, V], values)
    using positions = gpu.tensor([B], Uint32Array.from(ends))
    using tokens = gpu.tensor([ids.length], Uint32Array.from(ids))
    using score = gpu.tensor([B])
    expectedScore(gpu, x, positions, tokens, score)
    const want = ends.map((t, b) =>
      reference.expectedScore(values.subarray((b * T + t) * V, (b * T + t + 1) * V), ids),
    )
    // WGSL's exp may be off by 3 + 2·|x| units in the last place, |x| up to twice the scale, where e^x counts.
    expectClose(await gpu.read(score), want, { atol: 0, rtol: 1e-5 })
  })

  test('is no number where a logit is none, and takes no prompt', async ({ gpu }) => {
    using x = gpu.tensor([2, 1, 2], Float32Array.of(Number.NaN, 1, 1, 1))
    using positions = gpu.tensor([2], new Uint32Array(2))
    using ids = gpu.tensor([2], Uint32Array.of(0, 1))
    using score = gpu.tensor([2])
    expectedScore(gpu, x, positions, ids, score)
    const [broken, even] = await gpu.read(score)
    expect([Number.isFinite(broken), even]).toEqual([false, 1.5])
    using nothing = gpu.tensor([0, 1, 2])
    using nowhere = gpu.tensor([0], new Uint32Array(0))
    using none = gpu.tensor([0])
    expectedScore(gpu, nothing, nowhere, ids, none)
    expect(await gpu.read(none)).toHaveLength(0)
  })
})
