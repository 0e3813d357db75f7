import { describe } from 'vitest'
import { Tape } from '../../src/ops/tape'
import { unitRows } from '../../src/ops/unit-rows'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/unit-rows'

describe('unit-rows', () => {
  test.for([
    [1, 1],
    [5, 17],
    [3, 769],
    [65_537, 2],
  ] as const)('matches the reference at N=%i C=%i', async ([N, C], { gpu }) => {
    const values = noise(N * C, 1, 3)
    using x = gpu.tensor([N, C], values)
    using tape = new Tape(gpu, { grad: false })
    // Values up to 1; sums of up to 769 squares, whose rounding averages out and is halved by the root.
    expectClose(await gpu.read(unitRows(tape, x)), reference.unitRows(values, C), { atol: 1e-6, rtol: 1e-6 })
  })

  test('leaves rows that are all but zero, and takes small and large ones', async ({ gpu }) => {
    const scales = [0, 1e-30, 1e-14, 1e-6, 1, 1e15]
    const C = 33
    const values = noise(scales.length * C, 2).map((v, i) => v * scales[Math.floor(i / C)]!)
    using x = gpu.tensor([scales.length, C], values)
    using tape = new Tape(gpu, { grad: false })
    expectClose(await gpu.read(unitRows(tape, x)), reference.unitRows(values, C), { atol: 1e-20, rtol: 2e-6 })
  })
})
