import { describe, expect, it } from 'vitest'
import { rmsNorm, rmsNormForward } from '../../src/ops/rms-norm'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp, onTape } from '../on-tape'
import * as reference from '../reference/rms-norm'

const EPS = 1e-5

describe('rms-norm', () => {
  it('has a reference whose gradients are those of its result', () => {
    const [x, w, dy] = [noise(15, 1, 2), noise(5, 2), noise(15, 3)].map(a => Float64Array.from(a))
    for (const offset of [0, 1]) {
      const { dx, dw } = reference.rmsNormBackward(x!, w!, dy!, EPS, offset)
      expectGradient(at => reference.rmsNorm(at, w!, EPS, offset).y, x!, dy!, dx)
      expectGradient(at => reference.rmsNorm(x!, at, EPS, offset).y, w!, dy!, dw)
    }
  })

  // One element, odd sizes, one past the lanes of each kernel, several turns of each loop.
  test.for([
    [1, 1, 0],
    [17, 17, 0],
    [5, 123, 1],
    [67, 65, 0],
    [70, 769, 0],
  ] as const)('matches the reference at N=%i C=%i offset=%i', async ([N, C, offset], { gpu }) => {
    const [x, w, dy] = [noise(N * C, 1, 3), noise(C, 2, 2), noise(N * C, 3)]
    const { dx, dw } = reference.rmsNormBackward(x, w, dy, EPS, offset)
    await expectOp(
      gpu,
      { x: { shape: [N, C], data: x }, w: { shape: [C], data: w } },
      dy,
      (tape, t) => rmsNorm(tape, t.x, t.w, { offset }),
      { y: reference.rmsNorm(x, w, EPS, offset).y, grads: { x: dx, w: dw } },
      // Sums of up to 769 terms near 1, each rounded to 2⁻²⁴: 5e-5 at worst, and rounding averages out.
      { atol: 5e-6, rtol: 5e-6 },
    )
  })

  test('keeps tiny and large rows exact', async ({ gpu }) => {
    const scales = [0, 1e-20, 1e-6, 1e-3, 1, 1e6, 1e15]
    const [N, C] = [scales.length, 70]
    const x = noise(N * C, 4).map((v, i) => v * scales[Math.floor(i / C)]!)
    const [w, dy] = [noise(C, 5), noise(N * C, 6)]
    const inputs = { x: { shape: [N, C], data: x } }
    using tw = gpu.tensor([C], w)
    const got = await onTape(gpu, inputs, dy, (tape, t) => rmsNorm(tape, t.x, tw), { leaves: false })
    const { dx } = reference.rmsNormBackward(x, w, dy, EPS)
    expectClose(got.y, reference.rmsNorm(x, w, EPS).y, { atol: 1e-30, rtol: 5e-6 })
    scales.forEach((_, n) => {
      const want = dx.subarray(n * C, n * C + C)
      // The entries of a row of dx come from differences as large as its largest entry.
      const largest = Math.max(...want.map(Math.abs))
      expectClose(got.grads.x!.subarray(n * C, n * C + C), want, { atol: 5e-6 * largest, rtol: 0 })
    })
  })

  test('takes more rows than a dispatch has workgroups along an axis', async ({ gpu }) => {
    const [N, C] = [65_537, 2]
    const [x, w, dy] = [noise(N * C, 1), noise(C, 2), noise(N * C, 3)]
    using tw = gpu.tensor([C], w)
    const inputs = { x: { shape: [N, C], data: x } }
    const got = await onTape(gpu, inputs, dy, (tape, t) => rmsNorm(tape, t.x, tw, { eps: 0.1 }), {
      leaves: false,
    })
    // Two terms a sum; eps keeps rstd below 3.2.
    expectClose(got.y, reference.rmsNorm(x, w, 0.1).y, { atol: 2e-6, rtol: 2e-6 })
    expectClose(got.grads.x!, reference.rmsNormBackward(x, w, dy, 0.1).dx, { atol: 2e-6, rtol: 2e-6 })
  })

  test('explains a wrong shape', ({ gpu }) => {
    using x = gpu.tensor([2, 64])
    using w = gpu.tensor([32])
    using tape = new Tape(gpu)
    expect(() => rmsNorm(tape, x, w)).toThrow(
      `${rmsNormForward.name}: w has shape [32], expected [C] with C = 64 as in x`,
    )
  })
})
