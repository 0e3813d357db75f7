import type { Gpu, Pool } from '../../src/index'
import type { RowMap } from '../row-protocol'
import { type Positions, principalPlane } from './principal-plane'

type Layout = Positions & Pick<RowMap, 'projection'>

/** Rows that have neighbourhoods to speak of, and are not too many to compare and to move about while one waits. */
const [FEWEST, MOST] = [16, 10_000]

/** Places for the rows of a pool: by their neighbours, or on the principal axes if they are too many or too few. */
export async function layOut(
  gpu: Gpu,
  pool: Required<Pool>,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<Layout> {
  const { items, vectors } = pool
  if (items.length < FEWEST || items.length > MOST)
    return { ...(await principalPlane(gpu, pool, signal, onProgress)), projection: 'axes' }
  using taken = await vectors.take(items, { signal })
  const { neighbourPlane } = await import('./neighbour-plane')
  return { ...(await neighbourPlane(gpu, taken, signal, onProgress)), projection: 'neighbours' }
}
