import { describe, expect, it } from 'vitest'
import { gather } from '../../src/ops/gather'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { noise } from '../numbers'
import { expectOp } from '../on-tape'
import * as reference from '../reference/gather'

const NONE = 0xffffffff

describe('gather', () => {
  it('has a reference whose gradient is that of its result', () => {
    const index = [3, NONE, 0]
    const [x, dy] = [noise(12, 1), noise(9, 2)].map(a => Float64Array.from(a))
    const sizes = { N: 4, C: 3 }
    const dx = reference.gatherBackward(dy!, index, sizes)
    expectGradient(at => reference.gather(at, index, sizes), x!, dy!, dx)
  })

  // One row, none at all, more places than rows, a long list in a strange order with gaps.
  test.for([
    { N: 1, C: 1, index: [0] },
    { N: 3, C: 5, index: [NONE, NONE] },
    { N: 2, C: 13, index: [1, NONE, 0, 2, NONE] },
    { N: 300, C: 65, index: Array.from({ length: 123 }, (_, r) => (r % 9 ? (r * 7) % 300 : NONE)) },
  ])('matches the reference at N=$N C=$C', async ({ N, C, index }, { gpu }) => {
    const R = index.length
    const [x, dy] = [noise(N * C, 1), noise(R * C, 2)]
    using at = gpu.tensor([R], Uint32Array.from(index))
    await expectOp(
      gpu,
      { x: { shape: [N, C], data: x } },
      dy,
      (tape, t) => gather(tape, t.x, at),
      {
        y: reference.gather(x, index, { N, C }),
        grads: { x: reference.gatherBackward(dy, index, { N, C }) },
      },
      // Values are copied; only adding to what is there rounds, to 2⁻²⁴.
      { atol: 1e-7, rtol: 0 },
    )
  })

  test('takes no rows without a dispatch', ({ gpu }) => {
    using x = gpu.zeros([3, 2])
    using index = gpu.empty([0], 'u32')
    using tape = new Tape(gpu)
    expect(gather(tape, x, index).shape).toEqual([0, 2])
  })
})
