import { describe, expect } from 'vitest'
import { lion } from '../../src/ops/lion'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/lion'

describe('lion', () => {
  test.for([1, 123, 65])('matches the reference over five steps at N=%i', async (N, { gpu }) => {
    const o = { lr: 0.01, decay: 0.1, b1: 0.9, b2: 0.99 }
    const start = noise(N, 1)
    const [p, m] = [Float64Array.from(start), new Float64Array(N)]
    using tp = gpu.tensor([N], start)
    using tm = gpu.zeros([N])
    using rate = gpu.tensor([1], Float32Array.of(o.lr))
    for (let step = 1; step <= 5; step++) {
      const g = noise(N, 10 + step)
      // A value whose gradient is always 0 stays where decay alone brings it.
      if (N > 5) g[5] = 0
      const clip = step === 3 ? 0.25 : 1
      reference.lion(p, g, m, { ...o, clip })
      using grads = gpu.tensor([N], g)
      using norm = gpu.tensor([2], Float32Array.of(1, clip))
      gpu.run(lion, { p: tp, grads, m: tm, norm, rate }, { a1: 1 - o.b1, a2: 1 - o.b2, decay: o.decay })
    }
    // The seeds' sums are nowhere so near 0 that rounding turns a sign, which would be 0.02 off.
    expectClose(await gpu.read(tp), p, { atol: 5e-7, rtol: 5e-7 })
    expectClose(await gpu.read(tm), m, { atol: 1e-8, rtol: 1e-6 })
  })

  test('changes nothing when the gradients are not finite', async ({ gpu }) => {
    const start = noise(7, 1)
    using p = gpu.tensor([7], start)
    using m = gpu.tensor([7], start)
    using grads = gpu.tensor([7], noise(7, 2))
    using norm = gpu.tensor([2], Float32Array.of(1, 0))
    using rate = gpu.tensor([1], Float32Array.of(0.1))
    gpu.run(lion, { p, grads, m, norm, rate }, { a1: 0.1, a2: 0.01, decay: 0.1 })
    expect(await gpu.read(p)).toEqual(start)
    expect(await gpu.read(m)).toEqual(start)
  })
})
