import type { Gpu } from '../../src/gpu/gpu'
import { matmulNn, matmulNt, matmulTn } from '../../src/ops/matmul'
import { expectClose, noise } from '../numbers'
import { matmul } from '../reference/matmul'

const layouts = {
  nt: { run: matmulNt, a: 'MK', b: 'NK' },
  nn: { run: matmulNn, a: 'MK', b: 'KN' },
  tn: { run: matmulTn, a: 'KM', b: 'KN' },
} as const

export type Layout = keyof typeof layouts

interface Size {
  readonly B: number
  readonly M: number
  readonly N: number
  readonly K: number
}

/** Compares a product, scaled and added to what there was, and then alone, with the reference. Returns what came out. */
export async function checkMatmul(gpu: Gpu, layout: Layout, { B, M, N, K }: Size): Promise<Float32Array[]> {
  const axes: Record<string, number> = { M, N, K }
  const { run, a, b } = layouts[layout]
  const shape = (s: string) => [B, axes[s[0]!]!, axes[s[1]!]!]
  const [x, w, c0] = [noise(B * M * K, 1), noise(B * N * K, 2), noise(B * M * N, 3)]
  using tx = gpu.tensor(shape(a), x)
  using tw = gpu.tensor(shape(b), w)
  using c = gpu.tensor([B, M, N], c0)
  const want = matmul(layout, x, w, { B, M, N, K })
  // Rounding of a sum of K products of numbers below 1: at most K · 2⁻²⁴.
  const bound = { atol: K * 6e-8 + 1e-7, rtol: 1e-6 }
  run(gpu, tx, tw, c, { alpha: 0.5, accumulate: true })
  const added = await gpu.read(c)
  expectClose(
    added,
    want.map((v, i) => 0.5 * v + c0[i]!),
    bound,
  )
  run(gpu, tx, tw, c)
  const alone = await gpu.read(c)
  expectClose(alone, want, bound)
  return [added, alone]
}
