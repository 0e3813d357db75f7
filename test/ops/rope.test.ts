import { describe, expect, it } from 'vitest'
import { rope, ropeTable } from '../../src/ops/rope'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp, onTape } from '../on-tape'
import * as reference from '../reference/rope'

describe('rope', () => {
  it('has a reference whose gradient is that of its result', () => {
    const sizes = { H: 2, D: 6, theta: 100 }
    const positions = [0, 3, 17]
    const [x, dy] = [noise(36, 1), noise(36, 2)].map(a => Float64Array.from(a))
    const dx = reference.ropeBackward(dy!, positions, sizes)
    expectGradient(at => reference.rope(at, positions, sizes), x!, dy!, dx)
  })

  it('turns the first pair by one radian a position and the last by almost nothing', () => {
    const { cos, sin } = ropeTable(3, 4, 10_000)
    expectClose(cos, [1, 1, Math.cos(1), Math.cos(0.01), Math.cos(2), Math.cos(0.02)], {
      atol: 0,
      rtol: 1e-7,
    })
    expectClose(sin, [0, 0, Math.sin(1), Math.sin(0.01), Math.sin(2), Math.sin(0.02)], {
      atol: 0,
      rtol: 1e-7,
    })
  })

  test.for([
    { T: 1, H: 1, D: 8, theta: 10_000 },
    { T: 5, H: 13, D: 8, theta: 10_000 },
    { T: 11, H: 3, D: 24, theta: 500_000 },
    { T: 123, H: 3, D: 32, theta: 10_000 },
  ])('matches the reference at %o', async ({ T, H, D, theta }, { gpu }) => {
    const P = 2048
    const positions = Uint32Array.from({ length: T }, (_, t) => (t * 791 + P - 1) % P)
    const { cos, sin } = ropeTable(P, D, theta)
    using at = gpu.tensor([T], positions)
    using tcos = gpu.tensor([P, D / 2], cos)
    using tsin = gpu.tensor([P, D / 2], sin)
    const [x, dy] = [noise(T * H * D, 1), noise(T * H * D, 2)]
    await expectOp(
      gpu,
      { x: { shape: [T, H, D], data: x } },
      dy,
      (tape, t) => rope(tape, t.x, at, { cos: tcos, sin: tsin }),
      {
        y: reference.rope(x, positions, { H, D, theta }),
        grads: { x: reference.ropeBackward(dy, positions, { H, D, theta }) },
      },
      // Two products of numbers below 1 and their sum, each rounded to 2⁻²⁴, with tables rounded likewise.
      { atol: 4e-7, rtol: 0 },
    )
  })

  test('scores depend on the distance of positions alone', async ({ gpu }) => {
    const D = 8
    const { cos, sin } = ropeTable(64, D, 100)
    using tcos = gpu.tensor([64, D / 2], cos)
    using tsin = gpu.tensor([64, D / 2], sin)
    const vectors = noise(2 * D, 1)
    const score = async (positions: number[]) => {
      using at = gpu.tensor([2], Uint32Array.from(positions))
      const { y } = await onTape(
        gpu,
        { x: { shape: [2, 1, D], data: vectors } },
        vectors,
        (tape, t) => rope(tape, t.x, at, { cos: tcos, sin: tsin }),
        { leaves: true },
      )
      return y.subarray(0, D).reduce((sum, v, i) => sum + v * y[D + i]!, 0)
    }
    const near = await score([3, 7])
    expect(await score([55, 59])).toBeCloseTo(near, 5)
    expect(Math.abs((await score([3, 8])) - near)).toBeGreaterThan(0.01)
  })

  test('names a head size or a table that does not fit', ({ gpu }) => {
    using x = gpu.tensor([1, 1, 8])
    using at = gpu.empty([1], 'u32')
    using cos = gpu.tensor([4, 8])
    using tape = new Tape(gpu)
    using odd = gpu.tensor([1, 1, 12])
    expect(() => rope(tape, odd, at, { cos, sin: cos })).toThrow(
      'rope: x has heads of 12, expected D to be a multiple of 8',
    )
    expect(() => rope(tape, x, at, { cos, sin: cos })).toThrow(
      'rope: the table has 8 angles a position, expected D / 2 with D = 8 as in x',
    )
  })
})
