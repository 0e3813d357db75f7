import { describe, expect } from 'vitest'
import { meanPool } from '../../src/ops/mean-pool'
import { Tape } from '../../src/ops/tape'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/mean-pool'

describe('mean-pool', () => {
  test.for([
    { C: 1, lengths: [1] },
    { C: 7, lengths: [3, 0, 1, 64] },
    { C: 65, lengths: [2, 130, 5] },
    { C: 123, lengths: [0] },
    { C: 4, lengths: [4096] },
  ])('matches the reference at %o', async ({ C, lengths }, { gpu }) => {
    // One token before the first sequence and one between any two belong to none.
    const starts = lengths.map((_, s) => 1 + lengths.slice(0, s).reduce((sum, n) => sum + n + 1, 0))
    const T = 2 + lengths.reduce((sum, n) => sum + n + 1, 0)
    const values = noise(T * C, 1, 3)
    using x = gpu.tensor([T, C], values)
    using from = gpu.tensor([starts.length], Uint32Array.from(starts))
    using count = gpu.tensor([starts.length], Uint32Array.from(lengths))
    using tape = new Tape(gpu, { grad: false })
    const y = meanPool(tape, x, from, count)
    expect(y.shape).toEqual([lengths.length, C])
    const want = lengths.flatMap((n, s) => [
      ...reference.meanPool(values.subarray(starts[s]! * C, (starts[s]! + n) * C), C),
    ])
    // Means of numbers below 3: n additions lose half a unit of a sum that grows as √n, and their mean is taken.
    expectClose(await gpu.read(y), want, { atol: 1e-6, rtol: 1e-6 })
  })
})
