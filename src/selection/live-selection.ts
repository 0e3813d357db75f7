import type { Vectors } from '../embedding/vectors'
import { cosine, type Metric } from '../similarity/metric'
import { type Edges, thresholdJoin } from '../similarity/threshold-join'
import { type Budget, budgetMeter, checkBudget } from './budget'
import type { Pool, PoolItem } from './pool'
import { byScore, checkPin, contentOf, type Pins, rankItems, scoreProblem } from './ranking'
import { checkThreshold, SelectionError } from './selection-error'
import { type Decision, type Outcome, type Selection, selectionOf } from './selector'
import { vectorProblem } from './vector-problem'

export interface LiveSelectionOptions {
  /** The lowest threshold that will be asked for. The lower, the more pairs are found and held. */
  readonly lowest?: number
  /** Default: `cosine`, as Deita. */
  readonly metric?: Metric
  /** Pairs held at most; with more, `lowest` rises. 16 bytes each, and as much again. */
  readonly maxPairs?: number
  readonly signal?: AbortSignal
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

export interface LiveSettings extends Pins {
  readonly budget: Budget
  /** Similarity above which a row is too similar to a kept one; `lowest` or more. */
  readonly threshold: number
}

/** Two rows of the pool, the better one first, and their similarity. */
export interface SimilarPair {
  readonly index: number
  readonly other: number
  readonly similarity: number
}

/**
 * Deita's selection for any threshold, budget and pins, again and again, at once and exactly.
 *
 * The pairs of rows that are similar at all are found once, on the GPU; `select` then goes through the rows in
 * order and asks only those pairs: O(rows + pairs) on the host. That is the sequential form; rounds in which all
 * rows are decided in parallel give the same set (Blelloch, Fineman and Shun 2012, arXiv 1202.3205), and pay
 * only where the pairs stay on the GPU.
 */
export class LiveSelection {
  readonly #items: readonly PoolItem[]
  /** Places of the items in `#items`, best first. */
  readonly #ranked: Uint32Array
  /** Each item's content as a number: its row in the join. */
  readonly #nodeOf: Uint32Array
  /** One item of each content. */
  readonly #nodes: readonly PoolItem[]
  readonly #edges: Edges
  readonly #problems: Vectors['problems']
  /** A node's neighbours are those from `#starts[node]` to `#starts[node + 1]`, with the edges that lead there. */
  readonly #starts: Uint32Array
  readonly #neighbours: Uint32Array
  readonly #edgeOf: Uint32Array

  /** The lowest threshold that can be asked for. */
  get lowest(): number {
    return this.#edges.threshold
  }

  /** How many pairs of rows, counting rows of one content once, are more similar than `lowest`. */
  get pairCount(): number {
    return this.#edges.from.length
  }

  /**
   * @param edges the similar pairs of `LiveSelection.nodes(items)`
   * @param problems of the vectors, as in `Vectors`
   * @throws {SelectionError} if they are not of as many rows
   */
  constructor(items: readonly PoolItem[], edges: Edges, problems?: Vectors['problems']) {
    const nodes = LiveSelection.nodes(items)
    if (edges.flags.length !== nodes.length) {
      throw new SelectionError(
        `LiveSelection: the pairs are of ${edges.flags.length} rows, expected ${nodes.length}: one of each content`,
      )
    }
    this.#items = items
    this.#nodes = nodes
    this.#edges = edges
    this.#problems = problems
    const node = new Map(nodes.map((item, n) => [contentOf(item), n]))
    this.#nodeOf = Uint32Array.from(items, item => node.get(contentOf(item))!)
    this.#ranked = Uint32Array.from(items.map((_, i) => i).sort((a, b) => byScore(items[a]!, items[b]!)))
    const { from, to } = edges
    this.#starts = new Uint32Array(nodes.length + 1)
    for (const ends of [from, to]) for (const n of ends) this.#starts[n + 1]!++
    for (let n = 0; n < nodes.length; n++) this.#starts[n + 1]! += this.#starts[n]!
    const next = this.#starts.slice()
    this.#neighbours = new Uint32Array(2 * from.length)
    this.#edgeOf = new Uint32Array(2 * from.length)
    const link = (n: number, other: number, edge: number) => {
      this.#neighbours[next[n]!] = other
      this.#edgeOf[next[n]!++] = edge
    }
    for (let e = 0; e < from.length; e++) {
      link(from[e]!, to[e]!, e)
      link(to[e]!, from[e]!, e)
    }
  }

  /** One item of each content, the best one, best first: the rows that `edges` join. */
  static nodes(items: readonly PoolItem[]): readonly PoolItem[] {
    return rankItems('LiveSelection', items, { collapse: true, unscored: true }).order
  }

  /**
   * Finds the similar pairs of a pool.
   *
   * @throws {SelectionError} if the pool has no vectors, or `lowest` is no similarity of the metric
   */
  static async create(
    { items, vectors }: Pool,
    { lowest = 0.5, metric = cosine, maxPairs = 4_000_000, signal, onProgress }: LiveSelectionOptions = {},
  ): Promise<LiveSelection> {
    if (!vectors)
      throw new SelectionError('LiveSelection: the pool has no vectors, by which it compares rows')
    checkThreshold('LiveSelection', 'lowest', lowest, metric)
    const order = LiveSelection.nodes(items)
    const source = {
      count: order.length,
      dimensions: vectors.dimensions,
      read: (begin: number, end: number) => vectors.take(order.slice(begin, end), signal ? { signal } : {}),
    }
    const edges = await thresholdJoin(vectors.gpu, source, {
      threshold: lowest,
      metric,
      maxEdges: maxPairs,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
    return new LiveSelection(items, edges, vectors.problems)
  }

  /**
   * What `deita` selects with these settings.
   *
   * @throws {SelectionError} if the threshold is below `lowest`, the budget is none, or a row is to be kept and
   *   left out
   */
  select({ budget, threshold, keep = new Set(), exclude = new Map() }: LiveSettings): Selection {
    checkBudget('LiveSelection', budget)
    if (!(threshold >= this.lowest && Number.isFinite(threshold))) {
      throw new SelectionError(
        `LiveSelection: threshold is ${threshold}, expected ${this.lowest} or more: pairs below are not known`,
      )
    }
    const items = this.#items
    const outcomes: Outcome[] = new Array(items.length)
    const meter = budgetMeter('LiveSelection', budget, items)
    /** What was kept, by rank, and the first rank that each node has. */
    const kept: PoolItem[] = []
    const rankOf = new Int32Array(this.#nodes.length).fill(-1)
    /** The place of the item that stands for each node. */
    const standing = new Int32Array(this.#nodes.length).fill(-1)
    let position = 0
    let ended = false
    const settle = (place: number, at: number | null, decision: Decision) => {
      const { index, id, score } = items[place]!
      outcomes[place] = { index, id, value: score, position: at, decision }
    }
    const take = (place: number, pinned: boolean) => {
      const node = this.#nodeOf[place]!
      if (rankOf[node] === -1) rankOf[node] = kept.length
      const rank = kept.push(items[place]!) - 1
      settle(place, position++, { kind: 'kept', rank, ...(pinned ? { pinned: true } : {}) })
    }
    if (keep.size > 0) {
      for (const place of this.#ranked) {
        const item = items[place]!
        if (!keep.has(item.index)) continue
        checkPin('LiveSelection', item, exclude)
        const node = this.#nodeOf[place]!
        if (standing[node] === -1) standing[node] = place
        meter.take(item)
        take(place, true)
      }
    }
    for (const place of this.#ranked) {
      const item = items[place]!
      if (outcomes[place]) continue
      const reason = exclude.get(item.index)
      const node = this.#nodeOf[place]!
      if (reason !== undefined) settle(place, null, { kind: 'excluded', reason })
      else if (!Number.isFinite(item.score)) {
        settle(place, null, { kind: 'invalid', reason: scoreProblem(item) })
      } else if (standing[node] !== -1) {
        settle(place, null, { kind: 'duplicate', of: items[standing[node]!]!.index })
      } else {
        standing[node] = place
        ended ||= meter.full
        const obstacle = ended ? null : this.#obstacle(node, threshold, rankOf, kept)
        if (obstacle) settle(place, position++, obstacle)
        else if (!ended && meter.take(item)) take(place, false)
        else {
          ended = true
          settle(place, position++, { kind: 'beyond budget' })
        }
      }
    }
    return selectionOf(outcomes)
  }

  /** Why a node cannot be kept: the first kept one that it resembles, or its own vector. */
  #obstacle(node: number, threshold: number, rankOf: Int32Array, kept: readonly PoolItem[]): Decision | null {
    const reason = vectorProblem(this.#nodes[node]!, this.#edges.flags[node], this.#problems)
    if (reason !== null) return { kind: 'invalid', reason }
    let best = -1
    let similarity = 0
    for (let at = this.#starts[node]!; at < this.#starts[node + 1]!; at++) {
      const rank = rankOf[this.#neighbours[at]!]!
      if (rank === -1 || (best !== -1 && rank > best)) continue
      const found = this.#edges.similarity[this.#edgeOf[at]!]!
      if (!(found > threshold)) continue
      best = rank
      similarity = found
    }
    return best === -1 ? null : { kind: 'similar', to: kept[best]!.index, similarity }
  }

  /**
   * Pairs of rows whose similarity is nearest to `threshold`, the nearest first; ties by the better row, then by
   * the other.
   *
   * @param side whether to look for those above the threshold, not above it, or both
   */
  pairsNear(threshold: number, limit: number, side: 'above' | 'below' | 'both' = 'both'): SimilarPair[] {
    const { from, to, similarity } = this.#edges
    const wanted: number[] = []
    for (let e = 0; e < similarity.length; e++) {
      if (side === 'both' || similarity[e]! > threshold === (side === 'above')) wanted.push(e)
    }
    const away = (e: number) => Math.abs(similarity[e]! - threshold)
    wanted.sort((a, b) => away(a) - away(b) || from[a]! - from[b]! || to[a]! - to[b]!)
    return wanted.slice(0, limit).map(e => ({
      index: this.#nodes[from[e]!]!.index,
      other: this.#nodes[to[e]!]!.index,
      similarity: similarity[e]!,
    }))
  }
}
