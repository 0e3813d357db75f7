import { describe, expect } from 'vitest'
import { gradNorm } from '../../src/ops/grad-norm'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/grad-norm'

describe('grad-norm', () => {
  test.for([1, 123, 1025, 16_385, 300_000])('matches the reference at N=%i', async (N, { gpu }) => {
    const g = noise(N, 1)
    using grads = gpu.tensor([N], g)
    using norm = gpu.tensor([2])
    for (const maxNorm of [0.5, 1e6, null]) {
      gradNorm(gpu, [grads], norm, { maxNorm })
      const want = reference.gradNorm(g, maxNorm ?? Number.POSITIVE_INFINITY)
      // Sums of 300 000 squares, as 256 × 64 partial sums: the rounding is that of some thirty additions.
      expectClose(await gpu.read(norm), [want.norm, want.clip], { atol: 1e-7, rtol: 2e-6 })
    }
  })

  // Fours and what is left of them, at the ends of parts.
  test.for([0, 2, 4, 7, 8192, 8193, 8199, 65_539])('is that of every value of N=%i', async (N, { gpu }) => {
    const g = noise(N, 3)
    using grads = gpu.tensor([N], g)
    using norm = gpu.tensor([2])
    gradNorm(gpu, [grads], norm, { maxNorm: null })
    const [length] = await gpu.read(norm)
    expectClose([length!], [reference.gradNorm(g, 1).norm], { atol: 1e-7, rtol: 2e-6 })
    if (N === 0) return
    // The last value alone.
    gpu.write(grads, new Float32Array(N).fill(3, N - 1))
    gradNorm(gpu, [grads], norm, { maxNorm: null })
    expect((await gpu.read(norm))[0]).toBe(3)
  })

  test('is the norm of all tensors together', async ({ gpu }) => {
    const parts = [17_000, 1, 300, 2_000].map((N, i) => noise(N, i + 1))
    const tensors = parts.map(part => gpu.tensor([part.length], part))
    using norm = gpu.tensor([2])
    gradNorm(gpu, tensors, norm, { maxNorm: 2 })
    const want = reference.gradNorm(
      parts.flatMap(part => [...part]),
      2,
    )
    expectClose(await gpu.read(norm), [want.norm, want.clip], { atol: 1e-7, rtol: 2e-6 })
    for (const tensor of tensors) tensor[Symbol.dispose]()
  })

  test('clips nothing, not even a norm of 0 or of 1e18, without a limit', async ({ gpu }) => {
    using norm = gpu.tensor([2])
    for (const [value, length] of [
      [0, 0],
      [1e18, 1e18],
    ] as const) {
      using grads = gpu.tensor([1], Float32Array.of(value))
      gradNorm(gpu, [grads], norm, { maxNorm: null })
      expectClose(await gpu.read(norm), [length, 1], { atol: 0, rtol: 1e-6 })
    }
  })

  test.for([Number.NaN, Number.POSITIVE_INFINITY, 1e30])(
    'has factor 0 with %f among the gradients',
    async (bad, { gpu }) => {
      const g = noise(300, 1)
      g[257] = bad
      using grads = gpu.tensor([300], g)
      using norm = gpu.tensor([2])
      gradNorm(gpu, [grads], norm, { maxNorm: 1 })
      const [length, factor] = await gpu.read(norm)
      expect(Number.isFinite(length)).toBe(false)
      expect(factor).toBe(0)
    },
  )
})
