import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import type { Tensor } from '../../src/gpu/tensor'
import { adamw } from '../../src/ops/adamw'
import { lion } from '../../src/ops/lion'
import { sgd, sgdMomentum } from '../../src/ops/sgd'
import { test } from '../gpu'
import { noise } from '../numbers'

type Step = (
  gpu: Gpu,
  tensors: Readonly<Record<'p' | 'grads' | 'm' | 'v' | 'norm' | 'scalars', Tensor>>,
) => void

const rates = { a1: 0.1, a2: 0.001, decay: 0.1 }
const steps: readonly (readonly [string, Step])[] = [
  ['adamw', (gpu, tensors) => gpu.run(adamw, tensors, { ...rates, eps: 1e-8 })],
  [
    'lion',
    (gpu, { p, grads, m, norm, scalars }) =>
      gpu.run(lion, { p, grads, m, norm, rate: scalars.rows(0, 1) }, rates),
  ],
  [
    'sgd',
    (gpu, { p, grads, norm, scalars }) =>
      gpu.run(sgd, { p, grads, norm, rate: scalars.rows(0, 1) }, { decay: 0.1 }),
  ],
  [
    'sgd-momentum',
    (gpu, { p, grads, v, norm, scalars }) =>
      gpu.run(
        sgdMomentum,
        { p, grads, v, norm, rate: scalars.rows(0, 1) },
        { momentum: 0.9, own: 1, fresh: 0, decay: 0.1 },
      ),
  ],
]

describe('an optimizer step on a part of memory', () => {
  test.for(steps)('%s changes all of the part, and nothing that follows it', async ([, step], { gpu }) => {
    const whole = 2048
    for (const N of [1, 3, 4, 70, 1023, 1024, 1030]) {
      using norm = gpu.tensor([2], Float32Array.of(1, 1))
      using scalars = gpu.tensor([3], Float32Array.of(0.01, 0.1, 0.001))
      const starts = {
        p: noise(whole, 1),
        grads: noise(whole, 2),
        m: noise(whole, 3),
        v: noise(whole, 4).map(Math.abs),
      }
      const names = ['p', 'grads', 'm', 'v'] as const
      const made = names.map(name => [name, gpu.tensor([whole], starts[name])] as const)
      const parts = made.map(([name, tensor]) => [name, tensor.rows(0, N)] as const)
      step(gpu, { ...(Object.fromEntries(parts) as Record<(typeof names)[number], Tensor>), norm, scalars })
      for (const [name, tensor] of made) {
        const got = await gpu.read(tensor)
        expect(got.subarray(N)).toEqual(starts[name].subarray(N))
        if (name === 'p') expect(got.findIndex((value, i) => value === starts.p[i])).toBe(N)
        tensor[Symbol.dispose]()
      }
    }
  })
})
