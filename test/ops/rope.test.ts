import { describe, expect, it } from 'vitest'
import { type RopeScaling, rope, ropeFrequencies, ropeTable, yarnScale } from '../../src/ops/rope'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp, onTape } from '../on-tape'
import * as reference from '../reference/rope'

describe('rope', () => {
  it.each([6, 4])(
    'has a reference whose gradient is that of its result, %i of 6 values rotated',
    dimensions => {
      const frequencies = ropeFrequencies({ dimensions, theta: 100 })
      const sizes = { H: 2, D: 6, frequencies, scale: 1.5 }
      const positions = [0, 3, 17]
      const [x, dy] = [noise(36, 1), noise(36, 2)].map(a => Float64Array.from(a))
      const dx = reference.ropeBackward(dy!, positions, sizes)
      expectGradient(at => reference.rope(at, positions, sizes), x!, dy!, dx)
    },
  )

  it('turns the first pair by one radian a position and the last by almost nothing', () => {
    expectClose(ropeFrequencies({ dimensions: 4, theta: 10_000 }), [1, 0.01], { atol: 0, rtol: 1e-12 })
    expect(() => ropeFrequencies({ dimensions: 5, theta: 10_000 })).toThrow(
      'ropeFrequencies: 5 rotated values a head, expected an even number',
    )
  })

  // From ROPE_INIT_FUNCTIONS of transformers 5.23.0 with head_dim 16; each is printed to 8 digits of an f32.
  it.each<{ theta: number; scaling: RopeScaling; want: number[] }>([
    {
      theta: 10_000,
      scaling: { type: 'linear', factor: 4 },
      want: [0.25, 0.079056941, 0.025, 0.0079056947, 0.0025, 0.00079056947, 0.00025, 7.9056947e-5],
    },
    {
      theta: 500_000,
      scaling: {
        type: 'llama3',
        factor: 32,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalPositions: 8192,
      },
      want: [
        1, 0.19392276, 0.037606031, 0.0072926651, 0.00042955671, 8.5702559e-6, 1.6619674e-6, 3.2229329e-7,
      ],
    },
    {
      theta: 1_000_000,
      scaling: { type: 'yarn', factor: 4, originalPositions: 32_768 },
      want: [1, 0.17782794, 0.031622779, 0.0042175599, 0.0005, 4.4456985e-5, 7.9056936e-6, 1.4058534e-6],
    },
    {
      theta: 1_000_000,
      scaling: { type: 'yarn', factor: 4, originalPositions: 32_768, truncate: false },
      want: [1, 0.17782794, 0.031622779, 0.0055172704, 0.000607408, 4.4456985e-5, 7.9056936e-6, 1.4058534e-6],
    },
    {
      theta: 10_000,
      scaling: { type: 'yarn', factor: 40, originalPositions: 4096, betaFast: 16, truncate: false },
      want: [1, 0.31622776, 0.1, 0.031622779, 0.0068425788, 0.00088353385, 2.4999999e-5, 7.9056945e-6],
    },
    {
      theta: 10_000,
      scaling: { type: 'yarn', factor: 2, originalPositions: 6 },
      want: [1, 0.15811388, 0.05, 0.015811389, 0.005, 0.0015811389, 0.0005, 0.00015811389],
    },
  ])('scales frequencies as transformers does: $scaling', ({ theta, scaling, want }) => {
    expectClose(ropeFrequencies({ dimensions: 16, theta, scaling }), want, { atol: 0, rtol: 5e-7 })
  })

  it('scales the tables of YaRN as transformers does', () => {
    expect(yarnScale(4)).toBeCloseTo(1.138629436111989, 12)
    expect(yarnScale(40, { mscale: 0.5, mscaleAllDim: 1 })).toBeCloseTo(0.865259992007406, 12)
    expect(yarnScale(1)).toBe(1)
  })

  // Whole heads and parts of them, K of any size; more heads than an invocation turns, and more than a workgroup.
  test.for([
    { T: 1, H: 1, D: 2, dimensions: 2, theta: 10_000, scale: 1 },
    { T: 5, H: 13, D: 8, dimensions: 8, theta: 10_000, scale: 1 },
    { T: 7, H: 2, D: 16, dimensions: 4, theta: 10_000, scale: 1 },
    { T: 11, H: 5, D: 24, dimensions: 12, theta: 500_000, scale: 1.25 },
    { T: 123, H: 3, D: 32, dimensions: 32, theta: 10_000, scale: 1 },
    { T: 13, H: 4, D: 64, dimensions: 16, theta: 10_000, scale: 1 },
  ])('matches the reference at %o', async ({ T, H, D, dimensions, theta, scale }, { gpu }) => {
    const P = 131_072
    // Both ends of the table, and both sides of each step of its coarse part.
    const positions = Uint32Array.from({ length: T }, (_, t) => (t * 791 * 255 + P - 1) % P)
    const frequencies = ropeFrequencies({ dimensions, theta })
    using table = ropeTable(gpu, P, frequencies, { scale })
    using at = gpu.tensor([T], positions)
    const [x, dy] = [noise(T * H * D, 1), noise(T * H * D, 2)]
    const sizes = { H, D, frequencies, scale }
    await expectOp(
      gpu,
      { x: { shape: [T, H, D], data: x } },
      dy,
      (tape, t) => rope(tape, t.x, at, table),
      { y: reference.rope(x, positions, sizes), grads: { x: reference.ropeBackward(dy, positions, sizes) } },
      // Tables, their two products and their sum, then two more products and a sum, each rounded to 2⁻²⁴.
      { atol: 5e-7, rtol: 0 },
    )
  })

  test('keeps a long context in small tables', ({ gpu }) => {
    using table = ropeTable(gpu, 131_072, ropeFrequencies({ dimensions: 128, theta: 500_000 }))
    expect(table.coarse.bytes + table.fine.bytes).toBeLessThan(400_000)
    using last = ropeTable(gpu, 257, [1])
    expect(last.coarse.shape).toEqual([2, 2, 1])
  })

  test('scores depend on the distance of positions alone', async ({ gpu }) => {
    const D = 8
    using table = ropeTable(gpu, 300, ropeFrequencies({ dimensions: D, theta: 100 }))
    const vectors = noise(2 * D, 1)
    const score = async (positions: number[]) => {
      using at = gpu.tensor([2], Uint32Array.from(positions))
      const { y } = await onTape(
        gpu,
        { x: { shape: [2, 1, D], data: vectors } },
        vectors,
        (tape, t) => rope(tape, t.x, at, table),
        { leaves: true },
      )
      return y.subarray(0, D).reduce((sum, v, i) => sum + v * y[D + i]!, 0)
    }
    const near = await score([3, 7])
    expect(await score([254, 258])).toBeCloseTo(near, 5)
    expect(Math.abs((await score([3, 8])) - near)).toBeGreaterThan(0.01)
  })

  test('names a table that has more pairs than a head', ({ gpu }) => {
    using x = gpu.tensor([1, 1, 8])
    using at = gpu.empty([1], 'u32')
    using tape = new Tape(gpu)
    using table = ropeTable(gpu, 4, ropeFrequencies({ dimensions: 10, theta: 100 }))
    expect(() => rope(tape, x, at, table)).toThrow(
      'rope: the table has 5 angles a position, expected at most D / 2 with D = 8 as in x',
    )
  })
})
