import { describe, expect } from 'vitest'
import { adamw } from '../../src/ops/adamw'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/adamw'

describe('adamw', () => {
  test.for([1, 123, 65])('matches the reference over five steps at N=%i', async (N, { gpu }) => {
    const o = { lr: 0.01, decay: 0.1, b1: 0.9, b2: 0.999, eps: 1e-8 }
    const start = noise(N, 1)
    const [p, m, v] = [Float64Array.from(start), new Float64Array(N), new Float64Array(N)]
    using tp = gpu.tensor([N], start)
    using tm = gpu.tensor([N], new Float32Array(N))
    using tv = gpu.tensor([N], new Float32Array(N))
    for (let step = 1; step <= 5; step++) {
      const g = noise(N, 10 + step)
      const clip = step === 3 ? 0.25 : 1
      reference.adamw(p, g, m, v, { ...o, step, clip })
      using grads = gpu.tensor([N], g)
      using norm = gpu.tensor([2], Float32Array.of(1, clip))
      using scalars = gpu.tensor([3], Float32Array.of(o.lr, 1 - o.b1 ** step, 1 - o.b2 ** step))
      const fixed = { a1: 1 - o.b1, a2: 1 - o.b2, eps: o.eps, decay: o.decay }
      gpu.run(adamw, { p: tp, grads, m: tm, v: tv, norm, scalars }, fixed)
    }
    // Five steps of a few roundings each, of values up to 1.
    expectClose(await gpu.read(tp), p, { atol: 5e-7, rtol: 5e-7 })
    expectClose(await gpu.read(tm), m, { atol: 1e-7, rtol: 1e-6 })
    expectClose(await gpu.read(tv), v, { atol: 1e-9, rtol: 1e-6 })
  })

  test('changes nothing when the gradients are not finite', async ({ gpu }) => {
    const start = noise(7, 1)
    using p = gpu.tensor([7], start)
    using m = gpu.tensor([7], start)
    using v = gpu.tensor([7], start.map(Math.abs))
    using grads = gpu.tensor([7], noise(7, 2))
    using norm = gpu.tensor([2], Float32Array.of(Number.POSITIVE_INFINITY, 0))
    using scalars = gpu.tensor([3], Float32Array.of(0.1, 1, 1))
    gpu.run(adamw, { p, grads, m, v, norm, scalars }, { a1: 0.1, a2: 0.001, eps: 1e-8, decay: 0.1 })
    expect(await gpu.read(p)).toEqual(start)
    expect(await gpu.read(m)).toEqual(start)
  })

  test('reaches every value of more than 65535 workgroups', async ({ gpu }) => {
    const N = 65_537 * 64 + 1
    using p = gpu.zeros([N])
    using m = gpu.zeros([N])
    using v = gpu.zeros([N])
    using grads = gpu.tensor([N], new Float32Array(N).fill(0.5))
    using norm = gpu.tensor([2], Float32Array.of(1, 1))
    using scalars = gpu.tensor([3], Float32Array.of(0.25, 0.1, 0.001))
    gpu.run(adamw, { p, grads, m, v, norm, scalars }, { a1: 0.1, a2: 0.001, eps: 1e-8, decay: 0 })
    // The first step of Adam is the learning rate, whatever the gradient.
    const far = (await gpu.read(p)).findIndex(value => Math.abs(value + 0.25) > 1e-6)
    expect(far).toBe(-1)
  })
})
