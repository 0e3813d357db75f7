import fold from '#shaders/lib/fold.wgsl?raw'
import reduce from '#shaders/lib/reduce.wgsl?raw'
import code from '#shaders/pool-tokens.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

export const poolTokensForward = defineKernel({
  name: 'pool-tokens',
  code: [fold, reduce, code],
  params: { B: 'u32', T: 'u32', C: 'u32', N: 'u32', normalize: 'u32' },
  bindings: {
    x: read('f32', 'B T C'),
    begins: read('u32', 'B'),
    ends: read('u32', 'B'),
    rows: read('u32', 'B'),
    y: write('f32', 'N C'),
  },
  overrides: { WORKGROUP_SIZE: 64 },
  workgroups: ({ B }) => [B],
})

/** Which tokens of a padded sequence become one vector, and its row. */
export interface PooledSpan {
  /** First token. */
  readonly begin: number
  /** The token after the last. */
  readonly end: number
  /** Row of y; one outside it is left out. */
  readonly row: number
}

export interface PoolTokensOptions {
  /** Scales each vector to unit length; one below 1e-12 is divided by that, as torch's `normalize` does. */
  readonly normalize?: boolean
}

/**
 * The mean over a span of each padded sequence's tokens: x [B, T, C], B spans → rows of y [N, C], which must be
 * distinct. A span of one token takes that token's vector; one of none gives zeros. Forward only.
 */
export function poolTokens(
  gpu: Gpu,
  x: Tensor,
  spans: readonly PooledSpan[],
  y: Tensor,
  { normalize = false }: PoolTokensOptions = {},
): void {
  const numbers = (of: (span: PooledSpan) => number) =>
    gpu.tensor([spans.length], Uint32Array.from(spans, of))
  using begins = numbers(({ begin }) => begin)
  using ends = numbers(({ end }) => end)
  using rows = numbers(({ row }) => row)
  gpu.run(poolTokensForward, { x, begins, ends, rows, y }, { normalize: normalize ? 1 : 0 })
}
