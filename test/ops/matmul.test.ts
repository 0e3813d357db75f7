import { describe } from 'vitest'
import { matmulNn, matmulNt, matmulTn } from '../../src/ops/matmul'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { matmul } from '../reference/matmul'

const layouts = {
  nt: { run: matmulNt, a: 'MK', b: 'NK' },
  nn: { run: matmulNn, a: 'MK', b: 'KN' },
  tn: { run: matmulTn, a: 'KM', b: 'KN' },
} as const

// One element, odd sizes, one past a tile, the narrow and the flat variants, several batches.
const sizes = [
  { B: 1, M: 1, N: 1, K: 1 },
  { B: 2, M: 65, N: 67, K: 123 },
  { B: 1, M: 128, N: 8, K: 36 },
  { B: 1, M: 3, N: 130, K: 33 },
  { B: 3, M: 36, N: 68, K: 16 },
  { B: 1, M: 4, N: 132, K: 32 },
] as const

describe.each(['nt', 'nn', 'tn'] as const)('%s', layout => {
  test.for(sizes)('matches the reference at %o', async ({ B, M, N, K }, { gpu }) => {
    const axes: Record<string, number> = { M, N, K }
    const { run, a, b } = layouts[layout]
    const shape = (s: string) => [B, axes[s[0]!]!, axes[s[1]!]!]
    const [x, w, c0] = [noise(B * M * K, 1), noise(B * N * K, 2), noise(B * M * N, 3)]
    using tx = gpu.tensor(shape(a), x)
    using tw = gpu.tensor(shape(b), w)
    using c = gpu.tensor([B, M, N], c0)
    run(gpu, tx, tw, c, { alpha: 0.5, accumulate: true })
    const want = matmul(layout, x, w, { B, M, N, K }).map((v, i) => 0.5 * v + c0[i]!)
    // Rounding of a sum of K products of numbers below 1: at most K · 2⁻²⁴.
    expectClose(await gpu.read(c), want, { atol: K * 6e-8 + 1e-7, rtol: 1e-6 })
    run(gpu, tx, tw, c)
    expectClose(await gpu.read(c), matmul(layout, x, w, { B, M, N, K }), {
      atol: K * 6e-8 + 1e-7,
      rtol: 1e-6,
    })
  })
})
