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

  // Bindings are rounded up to 16 bytes, so the device itself would let row 3 of these be read and written.
  test('leaves memory beyond the rows alone', async ({ gpu }) => {
    using four = gpu.tensor([4, 1], Float32Array.of(1, 2, 3, 4))
    using grads = gpu.zeros([4, 1])
    using index = gpu.tensor([2], Uint32Array.of(3, 1))
    using dy = gpu.tensor([2, 1], Float32Array.of(5, 6))
    using x = gpu.tensor([3, 1])
    const tape = new Tape(gpu)
    expect(await gpu.read(gather(tape, four.rows(0, 3), index))).toEqual(Float32Array.of(0, 2))
    tape.parameter(x, grads.rows(0, 3))
    tape.backward(gather(tape, x, index), dy)
    expect(await gpu.read(grads)).toEqual(Float32Array.of(0, 6, 0, 0))
  })

  test('takes more elements than a dispatch has workgroups along an axis', async ({ gpu }) => {
    const [N, C] = [65_537, 64]
    const x = Float32Array.from({ length: N * C }, (_, i) => i)
    using tx = gpu.tensor([N, C], x)
    using index = gpu.tensor(
      [N],
      Uint32Array.from({ length: N }, (_, r) => N - 1 - r),
    )
    using tape = new Tape(gpu, { grad: false })
    const got = await gpu.read(gather(tape, tx, index))
    expect(got.findIndex((v, i) => v !== x[(N - 1 - Math.floor(i / C)) * C + (i % C)])).toBe(-1)
  })

  test('takes no rows without a dispatch', ({ gpu }) => {
    using x = gpu.zeros([3, 2])
    using index = gpu.empty([0], 'u32')
    using tape = new Tape(gpu)
    expect(gather(tape, x, index).shape).toEqual([0, 2])
  })
})
