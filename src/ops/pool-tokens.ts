import { ShapeError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { meanPool } from './mean-pool'
import { scatterRows } from './scatter-rows'
import { Tape } from './tape'
import { unitRows } from './unit-rows'

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
  /** Scales each vector to unit length; see `unitRows`. */
  readonly normalize?: boolean
}

/**
 * The mean over a span of each padded sequence's tokens: x [B, T, C], B spans → rows of y [N, C], which must be
 * distinct. A span of one token takes that token's vector; one of none gives zeros. Forward only.
 *
 * @throws {ShapeError} if there are not as many spans as sequences
 */
export function poolTokens(
  gpu: Gpu,
  x: Tensor,
  spans: readonly PooledSpan[],
  y: Tensor,
  { normalize = false }: PoolTokensOptions = {},
): void {
  const [B = 0, T = 0, C = 0] = x.shape
  if (spans.length !== B) {
    throw new ShapeError(`poolTokens: ${spans.length} spans for x of shape [${x.shape.join(', ')}]`)
  }
  const numbers = (of: (span: PooledSpan, b: number) => number) =>
    gpu.tensor([B], Uint32Array.from(spans, of))
  using starts = numbers(({ begin }, b) => b * T + begin)
  using lengths = numbers(({ begin, end }) => Math.max(0, Math.min(end, T) - begin))
  using rows = numbers(({ row }) => row)
  using tape = new Tape(gpu, { grad: false })
  const means = meanPool(tape, x.view([B * T, C]), starts, lengths)
  scatterRows(gpu, normalize ? unitRows(tape, means) : means, rows, y)
}
