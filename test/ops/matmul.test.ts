import { describe } from 'vitest'
import { test } from '../gpu'
import { checkMatmul } from './check-matmul'

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
  test.for(sizes)('matches the reference at %o', async (size, { gpu }) => {
    await checkMatmul(gpu, layout, size)
  })
})
