import { describe, expect } from 'vitest'
import { columnSums, spreadRows } from '../../src/ops/bias'
import { test } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'
import * as reference from '../reference/bias'

// One element, odd sizes, one past the rows and columns of a workgroup, more columns than a dispatch is wide.
const sizes = [
  [1, 1],
  [17, 17],
  [5, 123],
  [257, 65],
  [2, 20_001],
] as const

describe('bias', () => {
  test.for(sizes)('is in every row at N=%i O=%i', async ([N, O], { gpu }) => {
    const values = noise(O, 1)
    using b = gpu.tensor([O], values)
    // What follows y in its memory stays.
    using y = gpu.tensor([N + 64, O], new Float32Array((N + 64) * O).fill(7))
    spreadRows(gpu, b, y.rows(0, N))
    const want = Float32Array.from({ length: (N + 64) * O }, (_, i) => (i < N * O ? values[i % O]! : 7))
    expectSame(await gpu.read(y), want)
  })

  test.for(sizes)('has a gradient that sums columns at N=%i O=%i', async ([N, O], { gpu }) => {
    const values = noise(N * O, 2)
    using dy = gpu.tensor([N, O], values)
    using db = gpu.tensor([O], new Float32Array(O).fill(Number.NaN))
    const want = reference.columnSums(values, O)
    // Sums of up to 257 numbers below 1.
    const bound = { atol: 3e-6, rtol: 1e-6 }
    columnSums(gpu, dy, db)
    const written = await gpu.read(db)
    expectClose(written, want, bound)
    columnSums(gpu, dy, db, { accumulate: true })
    expectClose(
      await gpu.read(db),
      want.map(v => 2 * v),
      { atol: 6e-6, rtol: 1e-6 },
    )
    columnSums(gpu, dy, db)
    expect(await gpu.read(db), 'the same bits again').toEqual(written)
  })
})
