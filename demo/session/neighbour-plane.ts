import { UMAP } from 'umap-js'
import { pauses } from './pauses'
import { fitted, type Positions } from './principal-plane'

/** Rows that each row is held close to, itself among them. */
const NEIGHBOURS = 15
const EPOCHS = 300
/**
 * Lays unit rows [N, E] out so that each stays close to those with the largest cosines: UMAP (McInnes et al. 2018, arXiv
 * 1802.03426) over exact neighbours, from a fixed seed.
 *
 * @throws the signal's reason once it is aborted
 */
export async function neighbourPlane(
  rows: Float32Array,
  E: number,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<Positions> {
  const pause = pauses(signal)
  const N = rows.length / E
  const nearest: number[][] = []
  const distances: number[][] = []
  for (let i = 0; i < N; i++) {
    const near = nearestOf(rows, E, i)
    nearest.push(near.map(({ row }) => row))
    distances.push(near.map(({ distance }) => distance))
    if (await pause()) onProgress((0.4 * i) / N)
  }
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

/** Row `i` itself, then the rows with the largest cosines; of equal ones the first. */
function nearestOf(rows: Float32Array, E: number, i: number): Neighbour[] {
  const near: Neighbour[] = [{ row: i, distance: 0 }]
  for (let j = 0; j < rows.length / E; j++) {
    if (j === i) continue
    let dot = 0
    for (let k = 0; k < E; k++) dot += rows[i * E + k]! * rows[j * E + k]!
    const distance = Math.max(0, 1 - dot)
    if (near.length === NEIGHBOURS && distance >= near.at(-1)!.distance) continue
    let at = near.length
    while (at > 1 && near[at - 1]!.distance > distance) at--
    near.splice(at, 0, { row: j, distance })
    if (near.length > NEIGHBOURS) near.pop()
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
