import { describe, expect } from 'vitest'
import { scatterRows } from '../../src/ops/scatter-rows'
import { test } from '../gpu'
import { noise } from '../numbers'

describe('scatter-rows', () => {
  test('puts rows where the slots say, leaves the others, and skips slots that are not there', async ({
    gpu,
  }) => {
    const x = noise(4 * 33, 1)
    const before = noise(6 * 33, 2)
    using tx = gpu.tensor([4, 33], x)
    using slots = gpu.tensor([4], Uint32Array.of(5, 0, 6, 3))
    using y = gpu.tensor([6, 33], before)
    scatterRows(gpu, tx, slots, y)
    const want = before.slice()
    want.set(x.subarray(0, 33), 5 * 33)
    want.set(x.subarray(33, 66), 0)
    want.set(x.subarray(99, 132), 3 * 33)
    expect(await gpu.read(y)).toEqual(want)
  })
})
