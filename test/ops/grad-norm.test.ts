import { describe, expect } from 'vitest'
import { gradNorm } from '../../src/ops/grad-norm'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/grad-norm'

describe('grad-norm', () => {
  test.for([1, 123, 16_385, 70_000])('matches the reference at N=%i', async (N, { gpu }) => {
    const g = noise(N, 1)
    using grads = gpu.tensor([N], g)
    using norm = gpu.tensor([2])
    for (const maxNorm of [0.5, 1e6]) {
      gradNorm(gpu, grads, norm, { maxNorm })
      const want = reference.gradNorm(g, maxNorm)
      // Sums of 70 000 squares, as 256 × 64 partial sums: the rounding is that of some ten additions.
      expectClose(await gpu.read(norm), [want.norm, want.clip], { atol: 1e-7, rtol: 2e-6 })
    }
  })

  test.for([Number.NaN, Number.POSITIVE_INFINITY, 1e30])(
    'has factor 0 with %f among the gradients',
    async (bad, { gpu }) => {
      const g = noise(300, 1)
      g[257] = bad
      using grads = gpu.tensor([300], g)
      using norm = gpu.tensor([2])
      gradNorm(gpu, grads, norm)
      const [length, factor] = await gpu.read(norm)
      expect(Number.isFinite(length)).toBe(false)
      expect(factor).toBe(0)
    },
  )
})
