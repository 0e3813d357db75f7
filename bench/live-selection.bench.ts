import { LiveSelection } from '../src/selection/live-selection'
import type { PoolItem } from '../src/selection/pool'
import { RowFlag } from '../src/similarity/prepare-rows'
import type { Edges } from '../src/similarity/threshold-join'
import { type RandomNumbers, randomNumbers } from './harness/random-numbers'
import { median } from './harness/statistics'
import { stopwatch } from './harness/stopwatch'
import type { Subject } from './harness/subject'

const defaults = {
  rows: 100_000,
  pairs: 1_000_000,
  /** Rows to keep; 0 for no limit, where all rows are decided. */
  budget: 0,
  seed: 1,
  /** Times that each threshold is solved; the median counts. */
  repeat: 7,
}

const LOWEST = 0.5
const LIMIT = 50
const thresholds = Array.from({ length: 11 }, (_, i) => LOWEST + (i * (1 - LOWEST)) / 10)

/**
 * How long a slider takes to answer. Pairs join rows at random with cosines uniform in [0.5, 1): a row has twenty
 * neighbours on average, more than near-duplicates have, and none of them lies close in memory.
 */
export const liveSelectionBench: Subject<typeof defaults> = {
  name: 'live-selection',
  what: 'a selection solved again for another threshold, from the pairs that are similar at all',
  defaults,
  places: ['node'],
  async run({ rows, pairs, budget, seed, repeat }, place) {
    if (pairs > (rows * (rows - 1)) / 4) {
      throw new RangeError(`pairs is ${pairs}, expected at most half of the pairs that ${rows} rows have`)
    }
    const random = randomNumbers(seed)
    const items = Array.from({ length: rows }, (_, index) => ({
      index,
      id: `${index}`,
      score: 1 + 35 * random.uniform(),
      text: `${index}`,
    }))
    const edges = randomEdges(rows, pairs, random)
    const start = performance.now()
    const live = new LiveSelection(items, edges)
    const prepared = performance.now() - start
    const limit = budget > 0 ? budget : Infinity
    live.select({ budget: limit, threshold: LOWEST })

    const failures: string[] = []
    const results = thresholds.map(threshold => {
      const milliseconds: number[] = []
      const cpuMilliseconds: number[] = []
      let kept: readonly number[] = []
      for (let n = 0; n < repeat; n++) {
        const stop = stopwatch()
        kept = live.select({ budget: limit, threshold }).kept
        const time = stop()
        milliseconds.push(time.milliseconds)
        cpuMilliseconds.push(time.cpuSeconds * 1000)
      }
      const wanted = plainGreedy(LiveSelection.nodes(items), edges, threshold, limit)
      if (kept.length !== wanted.length || kept.some((index, rank) => index !== wanted[rank])) {
        failures.push(`at ${threshold} ${kept.length} rows are kept, expected ${wanted.length}`)
      }
      return { threshold, kept: kept.length, milliseconds, cpuMilliseconds }
    })
    const slowest = Math.max(...results.map(({ milliseconds }) => median(milliseconds)))
    if (slowest >= LIMIT)
      failures.push(`a threshold takes ${slowest.toFixed(1)} ms, expected less than ${LIMIT}`)
    return {
      adapter: 'one CPU thread',
      versions: place.versions,
      notes: [
        `${rows} rows, ${pairs} pairs; ${prepared.toFixed(0)} ms to order rows and pairs, once; slowest threshold ${slowest.toFixed(1)} ms`,
      ],
      table: results.map(({ threshold, kept, milliseconds, cpuMilliseconds }) => ({
        threshold: Number(threshold.toFixed(2)),
        kept,
        'median ms': Number(median(milliseconds).toFixed(1)),
        'least ms': Number(Math.min(...milliseconds).toFixed(1)),
        'most ms': Number(Math.max(...milliseconds).toFixed(1)),
        'median CPU ms': Number(median(cpuMilliseconds).toFixed(1)),
      })),
      results: { preparedMilliseconds: prepared, slowestMedian: slowest, solved: results },
      failures,
    }
  },
}

/** Pairs drawn at random, each once, in the order of a join. */
function randomEdges(rows: number, pairs: number, { uniform }: RandomNumbers): Edges {
  const drawn = new Set<number>()
  while (drawn.size < pairs) {
    const a = Math.floor(rows * uniform())
    const b = (a + 1 + Math.floor((rows - 1) * uniform())) % rows
    drawn.add(Math.max(a, b) * rows + Math.min(a, b))
  }
  const keys = Float64Array.from(drawn).sort()
  return {
    threshold: LOWEST,
    from: Uint32Array.from(keys, key => key % rows),
    to: Uint32Array.from(keys, key => Math.floor(key / rows)),
    similarity: Float64Array.from(keys, () => LOWEST + (1 - LOWEST) * uniform()),
    flags: new Uint32Array(rows).fill(RowFlag.usable),
  }
}

/** The definition: a row is kept unless one kept before is more similar than the threshold. `nodes` best first. */
function plainGreedy(nodes: readonly PoolItem[], edges: Edges, threshold: number, budget: number): number[] {
  const earlier: number[][] = nodes.map(() => [])
  for (let e = 0; e < edges.from.length; e++) {
    const [a, b] = [edges.from[e]!, edges.to[e]!]
    if (edges.similarity[e]! > threshold) earlier[Math.max(a, b)]!.push(Math.min(a, b))
  }
  const kept = new Set<number>()
  for (let n = 0; n < nodes.length && kept.size < budget; n++) {
    if (!earlier[n]!.some(m => kept.has(m))) kept.add(n)
  }
  return [...kept].map(n => nodes[n]!.index)
}
