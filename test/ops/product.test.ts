import { describe, expect, it } from 'vitest'
import { linearNt, matmulNt, matmulTn } from '../../src/ops/matmul'
import {
  chooseProductProfile,
  type ProductProfileName,
  productProfileOf,
  runsProductProfile,
} from '../../src/ops/product-profiles'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { withProfile } from '../product-profile'
import { matmul } from '../reference/matmul'
import { checkMatmul, type Layout } from './check-matmul'

// Past a tile each way, with steps that end in the middle of one; few columns; few rows; one; several batches, also of
// steps that are no multiple of four.
const sizes = [
  { B: 2, M: 140, N: 136, K: 44 },
  { B: 1, M: 130, N: 12, K: 20 },
  { B: 1, M: 5, N: 72, K: 300 },
  { B: 1, M: 68, N: 36, K: 4 },
  { B: 2, M: 1, N: 44, K: 540 },
  { B: 2, M: 28, N: 36, K: 33 },
] as const

/** Only the tiles' size tells `large` from `medium`, and each is compiled for seconds by an adapter on a processor. */
const cases: readonly (readonly [ProductProfileName, readonly Layout[]])[] = [
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
      // Where a device's subgroups have another size, the profile is refused, and never chosen.
      if (!runsProductProfile(gpu, profile)) {
        expect(() => chooseProductProfile(gpu, profile)).toThrow(/subgroups of/)
        return
      }
      await withProfile(gpu, profile, async () => {
        expect(productProfileOf(gpu)).toBe(profile)
        const first = await checkMatmul(gpu, layout, size)
        expect(await checkMatmul(gpu, layout, size)).toEqual(first)
      })
    })
  })
})

test.for([4, 8] as const)(
  'a profile for subgroups of %i lanes is for devices that have these alone',
  (lanes, { gpu }) => {
    const { subgroupMinSize, subgroupMaxSize } = gpu.adapter
    const has = gpu.features.has('subgroups') && subgroupMinSize === lanes && subgroupMaxSize === lanes
    expect(runsProductProfile(gpu, `broadcast-${lanes}`)).toBe(has)
  },
)

test.for(['direct', 'broadcast-4', 'broadcast-8', 'small', 'medium'] as const)(
  'by %s a row has the same bits alone and among others',
  async (profile, { gpu }) => {
    if (!runsProductProfile(gpu, profile)) {
      expect(() => chooseProductProfile(gpu, profile)).toThrow(/subgroups of/)
      return
    }
    const [M, N, K] = [70, 68, 540]
    const x = noise(M * K, 1)
    using w = gpu.tensor([N, K], noise(N * K, 2))
    const first = async (rows: number) => {
      using tx = gpu.tensor([rows, K], x.subarray(0, rows * K))
      using c = gpu.zeros([rows, N])
      matmulNt(gpu, tx, w, c)
      return (await gpu.read(c)).subarray(0, N)
    }
    await withProfile(gpu, profile, async () => {
      const alone = await first(1)
      for (const rows of [3, 20, M]) expect(await first(rows)).toEqual(alone)
    })
  },
)

test('a card divides the many steps of a small product among workgroups', async ({ gpu }) => {
  const [M, N, K] = [12, 20, 1536]
  const [dy, x, c0] = [noise(K * M, 1), noise(K * N, 2), noise(M * N, 3)]
  using tdy = gpu.tensor([K, M], dy)
  using tx = gpu.tensor([K, N], x)
  using c = gpu.tensor([M, N], c0)
  const before = gpu.counters.dispatches
  await withProfile(gpu, 'small', () => matmulTn(gpu, tdy, tx, c, { alpha: 0.5, accumulate: true }))
  // The parts, and their sum.
  expect(gpu.counters.dispatches - before).toBe(2)
  const want = matmul('tn', dy, x, { B: 1, M, N, K }).map((v, i) => 0.5 * v + c0[i]!)
  expectClose(await gpu.read(c), want, { atol: K * 6e-8 + 1e-7, rtol: 1e-6 })
})

it('tells its arithmetic, in every way', () => {
  const dims = { B: 3, M: 5, N: 7, K: 11, O: 7, W: 11, first: 0, alpha: 1, accumulate: 0 }
  for (const kernels of linearNt.values()) {
    for (const kernel of kernels.values()) expect(kernel.cost?.(dims)).toEqual({ flops: 2 * 3 * 5 * 7 * 11 })
  }
})
