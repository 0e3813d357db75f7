import { describe, expect, it } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { linearNt, matmulNn, matmulNt, matmulTn } from '../../src/ops/matmul'
import {
  chooseProductProfile,
  defaultProductProfile,
  type ProductProfileName,
  productProfileOf,
} from '../../src/ops/product'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { matmul } from '../reference/matmul'

const layouts = {
  nt: { run: matmulNt, a: 'MK', b: 'NK' },
  nn: { run: matmulNn, a: 'MK', b: 'KN' },
  tn: { run: matmulTn, a: 'KM', b: 'KN' },
} as const

// Past a tile each way, with steps that end in the middle of one; few columns; few rows; several batches.
const sizes = [
  { B: 2, M: 140, N: 136, K: 44 },
  { B: 1, M: 130, N: 12, K: 20 },
  { B: 1, M: 5, N: 72, K: 300 },
  { B: 1, M: 68, N: 36, K: 4 },
] as const

async function check(gpu: Gpu, layout: keyof typeof layouts, { B, M, N, K }: (typeof sizes)[number]) {
  const axes: Record<string, number> = { M, N, K }
  const { run, a, b } = layouts[layout]
  const shape = (s: string) => [B, axes[s[0]!]!, axes[s[1]!]!]
  const [x, w, c0] = [noise(B * M * K, 1), noise(B * N * K, 2), noise(B * M * N, 3)]
  using tx = gpu.tensor(shape(a), x)
  using tw = gpu.tensor(shape(b), w)
  using c = gpu.tensor([B, M, N], c0)
  run(gpu, tx, tw, c, { alpha: 0.5, accumulate: true })
  const want = matmul(layout, x, w, { B, M, N, K }).map((v, i) => 0.5 * v + c0[i]!)
  const first = await gpu.read(c)
  expectClose(first, want, { atol: K * 6e-8 + 1e-7, rtol: 1e-6 })
  gpu.write(c, c0)
  run(gpu, tx, tw, c, { alpha: 0.5, accumulate: true })
  expect(await gpu.read(c)).toEqual(first)
}

/** Only the tiles' size tells `large` from `medium`, and each is compiled for seconds by an adapter on a processor. */
const cases: readonly (readonly [ProductProfileName, readonly (keyof typeof layouts)[]])[] = [
  ['direct', ['nt', 'nn', 'tn']],
  ['broadcast-4', ['nt', 'nn', 'tn']],
  ['broadcast-8', ['nt', 'nn', 'tn']],
  ['small', ['nt']],
  ['medium', ['nt', 'nn', 'tn']],
  ['large', ['nt']],
]

describe.each(cases)('%s', (profile, of) => {
  describe.each(of)('%s', layout => {
    test.for(sizes)('matches the reference at %o, bit by bit alike each time', async (size, { gpu }) => {
      const lanes = { 'broadcast-4': 4, 'broadcast-8': 8 }[profile as string]
      const { subgroupMinSize, subgroupMaxSize } = gpu.adapter
      const runs =
        lanes === undefined ||
        (gpu.features.has('subgroups') && subgroupMinSize === lanes && subgroupMaxSize === lanes)
      // Where a device's subgroups have another size, the profile is refused, and never chosen.
      if (!runs) {
        expect(() => chooseProductProfile(gpu, profile)).toThrow(/subgroups of/)
        return
      }
      chooseProductProfile(gpu, profile)
      expect(productProfileOf(gpu)).toBe(profile)
      await check(gpu, layout, size)
      chooseProductProfile(gpu, defaultProductProfile(gpu))
    })
  })
})

test('a card divides the many steps of a small product among workgroups', async ({ gpu }) => {
  const [M, N, K] = [12, 20, 1536]
  const [dy, x, c0] = [noise(K * M, 1), noise(K * N, 2), noise(M * N, 3)]
  using tdy = gpu.tensor([K, M], dy)
  using tx = gpu.tensor([K, N], x)
  using c = gpu.tensor([M, N], c0)
  chooseProductProfile(gpu, 'small')
  const before = gpu.counters.dispatches
  matmulTn(gpu, tdy, tx, c, { alpha: 0.5, accumulate: true })
  // The parts, and their sum.
  expect(gpu.counters.dispatches - before).toBe(2)
  chooseProductProfile(gpu, defaultProductProfile(gpu))
  const want = matmul('tn', dy, x, { B: 1, M, N, K }).map((v, i) => 0.5 * v + c0[i]!)
  expectClose(await gpu.read(c), want, { atol: K * 6e-8 + 1e-7, rtol: 1e-6 })
})

it('tells its arithmetic, in every way', () => {
  const dims = { B: 3, M: 5, N: 7, K: 11, O: 7, W: 11, first: 0, alpha: 1, accumulate: 0 }
  for (const kernels of linearNt.values()) {
    for (const kernel of kernels.values()) expect(kernel.cost?.(dims)).toEqual({ flops: 2 * 3 * 5 * 7 * 11 })
  }
})
