import { UMAP } from 'umap-js'
import { type Gpu, type Match, type Tensor, tensorRows, topK } from '../../src/index'
import { pauses } from './pauses'
import { fitted, type Positions } from './principal-plane'

/** Rows that each row is held close to, itself among them. */
const NEIGHBOURS = 15
const EPOCHS = 300

/**
 * Lays vectors [N, E] out so that each stays close to those with the largest cosines: UMAP (McInnes et al. 2018, arXiv
 * 1802.03426) over exact neighbours, which the GPU finds, from a fixed seed. The same vectors give the same places.
 *
 * @throws the signal's reason once it is aborted
 */
export async function neighbourPlane(
  gpu: Gpu,
  vectors: Tensor,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<Positions> {
  const rows = tensorRows(vectors)
  const found = await topK(gpu, rows, rows, NEIGHBOURS, {
    signal,
    onProgress: fraction => onProgress(0.4 * fraction),
  })
  const near = found.map((matches, row) => neighboursOf(row, matches, found.length))
  const nearest = near.map(list => list.map(({ row }) => row))
  const distances = near.map(list => list.map(({ distance }) => distance))
  const pause = pauses(signal)
  const umap = new UMAP({ nNeighbors: NEIGHBOURS, nEpochs: EPOCHS, minDist: 0.15, random: seeded(1) })
  umap.setPrecomputedKNN(nearest, distances)
  // With the neighbours known, it reads no more of the rows than how many they are.
  umap.initializeFit(nearest)
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    umap.step()
    if (await pause()) onProgress(0.4 + (0.6 * epoch) / EPOCHS)
  }
  const places = umap.getEmbedding()
  return fitted({
    x: Float32Array.from(places, ([x]) => x!),
    y: Float32Array.from(places, ([, y]) => y!),
  })
}

interface Neighbour {
  readonly row: number
  /** 1 − cosine */
  readonly distance: number
}

/** The row itself, then its matches; a row that cannot be compared, or has too few, is far from whichever come next. */
function neighboursOf(row: number, matches: readonly Match[], rows: number): Neighbour[] {
  const near: Neighbour[] = [{ row, distance: 0 }]
  for (const { row: other, similarity } of matches)
    if (other !== row && near.length < NEIGHBOURS)
      near.push({ row: other, distance: Math.max(0, 1 - similarity) })
  for (let next = 1; near.length < NEIGHBOURS; next++) {
    const other = (row + next) % rows
    if (near.every(known => known.row !== other)) near.push({ row: other, distance: 1 })
  }
  return near
}

/** Numbers in [0, 1) that are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
