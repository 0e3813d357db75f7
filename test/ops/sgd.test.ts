import { describe, expect } from 'vitest'
import { sgd, sgdMomentum } from '../../src/ops/sgd'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/sgd'

describe('sgd', () => {
  test.for([
    [1, 0, false],
    [123, 0.9, false],
    [65, 0.8, true],
  ] as const)(
    'matches the reference over five steps at N=%i, momentum %f, Nesterov %s',
    async ([N, momentum, nesterov], { gpu }) => {
      const o = { lr: 0.05, decay: 0.1, momentum, nesterov }
      const start = noise(N, 1)
      const [p, v] = [Float64Array.from(start), new Float64Array(N)]
      using tp = gpu.tensor([N], start)
      using tv = gpu.zeros([N])
      using rate = gpu.tensor([1], Float32Array.of(o.lr))
      for (let step = 1; step <= 5; step++) {
        const g = noise(N, 10 + step)
        const clip = step === 3 ? 0.25 : 1
        reference.sgd(p, g, v, { ...o, clip })
        using grads = gpu.tensor([N], g)
        using norm = gpu.tensor([2], Float32Array.of(1, clip))
        const common = { p: tp, grads, norm, rate }
        const shares = nesterov ? { own: momentum, fresh: 1 } : { own: 1, fresh: 0 }
        if (momentum === 0) gpu.run(sgd, common, { decay: o.decay })
        else gpu.run(sgdMomentum, { ...common, v: tv }, { momentum, ...shares, decay: o.decay })
      }
      // Five steps of a few roundings each, of values up to 5.
      expectClose(await gpu.read(tp), p, { atol: 5e-7, rtol: 5e-7 })
      if (momentum > 0) expectClose(await gpu.read(tv), v, { atol: 1e-6, rtol: 1e-6 })
    },
  )

  test('changes nothing when the gradients are not finite', async ({ gpu }) => {
    const start = noise(7, 1)
    using p = gpu.tensor([7], start)
    using v = gpu.tensor([7], start)
    using grads = gpu.tensor([7], noise(7, 2))
    using norm = gpu.tensor([2], Float32Array.of(1, 0))
    using rate = gpu.tensor([1], Float32Array.of(0.1))
    gpu.run(sgd, { p, grads, norm, rate }, { decay: 0.1 })
    gpu.run(sgdMomentum, { p, grads, v, norm, rate }, { momentum: 0.9, own: 1, fresh: 0, decay: 0.1 })
    expect(await gpu.read(p)).toEqual(start)
    expect(await gpu.read(v)).toEqual(start)
  })
})
