import { describe, expect, it } from 'vitest'
import { layerNorm } from '../../src/ops/layer-norm'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp, onTape } from '../on-tape'
import * as reference from '../reference/layer-norm'

const EPS = 1e-5

describe('layer-norm', () => {
  it('has a reference whose gradients are those of its result', () => {
    const [x, w, b, dy] = [noise(15, 1, 2), noise(5, 2), noise(5, 4), noise(15, 3)].map(a =>
      Float64Array.from(a),
    )
    const { dx, dw, db } = reference.layerNormBackward(x!, w!, dy!, EPS)
    expectGradient(at => reference.layerNorm(at, w!, b!, EPS), x!, dy!, dx)
    expectGradient(at => reference.layerNorm(x!, at, b!, EPS), w!, dy!, dw)
    expectGradient(at => reference.layerNorm(x!, w!, at, EPS), b!, dy!, db)
  })

  // One element, odd sizes, one past the lanes of each kernel, several turns of each loop.
  test.for([
    [1, 1],
    [17, 17],
    [5, 123],
    [67, 65],
    [70, 769],
  ] as const)('matches the reference at N=%i C=%i', async ([N, C], { gpu }) => {
    const [x, w, b, dy] = [noise(N * C, 1, 3), noise(C, 2, 2), noise(C, 4), noise(N * C, 3)]
    const { dx, dw, db } = reference.layerNormBackward(x, w, dy, EPS)
    await expectOp(
      gpu,
      {
        x: { shape: [N, C], data: x },
        w: { shape: [C], data: w },
        b: { shape: [C], data: b },
      },
      dy,
      (tape, t) => layerNorm(tape, t.x, t.w, t.b),
      { y: reference.layerNorm(x, w, b, EPS), grads: { x: dx, w: dw, b: db } },
      // Sums of up to 769 terms near 1, each rounded to 2⁻²⁴: 5e-5 at worst, and rounding averages out. A row of one
      // has no variance: its slope of 1/√eps multiplies differences that cancel.
      { atol: 5e-6, rtol: 5e-6 },
    )
  })

  test('keeps tiny and large rows exact, and what rows far from zero vary by', async ({ gpu }) => {
    const scales = [0, 1e-20, 1e-6, 1e-3, 1, 1e6, 1e15]
    const [N, C] = [scales.length, 70]
    const [w, b, dy] = [noise(C, 5), noise(C, 7), noise(N * C, 6)]
    using tw = gpu.tensor([C], w)
    using tb = gpu.tensor([C], b)
    // Around 0 and around 1000 times what they vary by: the mean is then rounded to 1000 · 2⁻²⁴ of that.
    for (const [far, rtol] of [[0, 5e-6] as const, [1000, 3e-4] as const]) {
      const x = noise(N * C, 4).map((v, i) => (v + far) * scales[Math.floor(i / C)]!)
      const inputs = { x: { shape: [N, C], data: x } }
      const got = await onTape(gpu, inputs, dy, (tape, t) => layerNorm(tape, t.x, tw, tb), { leaves: false })
      const { dx } = reference.layerNormBackward(x, w, dy, EPS)
      expectClose(got.y, reference.layerNorm(x, w, b, EPS), { atol: rtol, rtol })
      scales.forEach((_, n) => {
        const want = dx.subarray(n * C, n * C + C)
        // The entries of a row of dx come from differences as large as its largest entry.
        const largest = Math.max(...want.map(Math.abs))
        expectClose(got.grads.x!.subarray(n * C, n * C + C), want, { atol: rtol * largest, rtol: 0 })
      })
    }
  })

  test('gives only the gradients that are wanted', async ({ gpu }) => {
    const [N, C] = [9, 20]
    const [x, w, b, dy] = [noise(N * C, 1, 3), noise(C, 2), noise(C, 4), noise(N * C, 3)]
    using tx = gpu.tensor([N, C], x)
    using tw = gpu.tensor([C], w)
    using tb = gpu.tensor([C], b)
    const want = reference.layerNormBackward(x, w, dy, EPS)
    const bound = { atol: 5e-6, rtol: 5e-6 }
    const ofW = await onTape(
      gpu,
      { w: { shape: [C], data: w } },
      dy,
      (tape, t) => layerNorm(tape, tx, t.w, tb),
      {
        leaves: false,
      },
    )
    expectClose(ofW.grads.w!, want.dw, bound)
    const ofB = await onTape(
      gpu,
      { b: { shape: [C], data: b } },
      dy,
      (tape, t) => layerNorm(tape, tx, tw, t.b),
      {
        leaves: false,
      },
    )
    expectClose(ofB.grads.b!, want.db, bound)
  })

  test('takes more rows than a dispatch has workgroups along an axis', async ({ gpu }) => {
    const [N, C] = [65_537, 2]
    const [x, w, b, dy] = [noise(N * C, 1), noise(C, 2), noise(C, 4), noise(N * C, 3)]
    using tw = gpu.tensor([C], w)
    using tb = gpu.tensor([C], b)
    const inputs = { x: { shape: [N, C], data: x } }
    const got = await onTape(gpu, inputs, dy, (tape, t) => layerNorm(tape, t.x, tw, tb, { eps: 0.1 }), {
      leaves: false,
    })
    // Two terms a sum; eps keeps rstd below 3.2.
    expectClose(got.y, reference.layerNorm(x, w, b, 0.1), { atol: 2e-6, rtol: 2e-6 })
    expectClose(got.grads.x!, reference.layerNormBackward(x, w, dy, 0.1).dx, { atol: 2e-6, rtol: 2e-6 })
  })

  test('explains a wrong shape', ({ gpu }) => {
    using x = gpu.tensor([2, 64])
    using w = gpu.tensor([64])
    using b = gpu.tensor([32])
    using tape = new Tape(gpu)
    expect(() => layerNorm(tape, x, w, b)).toThrow(
      'layer-norm-forward: b has shape [32], expected [C] with C = 64 as in x',
    )
  })
})
