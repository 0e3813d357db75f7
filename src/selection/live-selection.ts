import type { Vectors } from '../embedding/vectors'
import { cosine, type Metric } from '../similarity/metric'
import { RowFlag } from '../similarity/prepare-rows'
import { type Edges, thresholdJoin } from '../similarity/threshold-join'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { FlatDecisions } from './flat-decisions'
import { Neighbours } from './neighbours'
import type { Pool, PoolItem } from './pool'
import { byScore, checkPin, contentOf, type Pins, scoreProblem } from './ranking'
import { checkThreshold, SelectionError } from './selection-error'
import type { Outcome, Selection } from './selector'
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

type VectorsOfRows = Pick<Vectors, 'problems' | 'identity'>

/** What rows that stand for each other have in common. */
const contentKey = (item: PoolItem, { problems }: VectorsOfRows): string =>
  problems?.has(item.index) ? `row ${item.index}` : `text ${contentOf(item)}`

/** What rows with the same content and vector have in common. */
const vectorKey = (item: PoolItem, vectors: VectorsOfRows): string =>
  vectors.identity
    ? `${vectors.identity(item.index)} ${contentKey(item, vectors)}`
    : contentKey(item, vectors)

/** Numbers things by their keys, in the order in which these occur first. */
function numbered<T>(things: readonly T[], keyOf: (thing: T) => string) {
  const seen = new Map<string, number>()
  const numbers = Uint32Array.from(things, thing => {
    const key = keyOf(thing)
    const number = seen.get(key) ?? seen.size
    if (number === seen.size) seen.set(key, number)
    return number
  })
  return { numbers, count: seen.size }
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
  /** One item of each content, best first: the rows of the join. */
  readonly #nodes: readonly PoolItem[]
  readonly #edges: Edges
  readonly #neighbours: Neighbours
  readonly #problems: Vectors['problems']
  /** How many contents there are; rows without a vector count as one each. */
  readonly #contents: number
  /** The items best first: their places in `#items`, their contents' rows in the join, and what selection asks first. */
  readonly #places: Uint32Array
  readonly #nodeOf: Uint32Array
  readonly #contentOf: Uint32Array
  readonly #indices: Float64Array
  readonly #scored: Uint8Array
  /** The inverse of `#places`. */
  readonly #rankedAt: Uint32Array

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
   * @param vectors whose pairs they are, if these are not made of the texts
   * @throws {SelectionError} if they are not of as many rows
   */
  constructor(items: readonly PoolItem[], edges: Edges, vectors: VectorsOfRows = {}) {
    const nodes = LiveSelection.nodes(items, vectors)
    if (edges.flags.length !== nodes.length) {
      throw new SelectionError(
        `LiveSelection: the pairs are of ${edges.flags.length} rows, expected ${nodes.length}: one of each content and vector`,
      )
    }
    this.#items = items
    this.#nodes = nodes
    this.#edges = edges
    this.#neighbours = new Neighbours(edges)
    this.#problems = vectors.problems
    this.#places = byScore(items)
    const ranked = Array.from(this.#places, place => items[place]!)
    const contents = numbered(ranked, item => contentKey(item, vectors))
    this.#contents = contents.count
    this.#contentOf = contents.numbers
    this.#nodeOf = numbered(ranked, item => vectorKey(item, vectors)).numbers
    this.#indices = Float64Array.from(this.#places, place => items[place]!.index)
    this.#scored = Uint8Array.from(this.#places, place => Number(Number.isFinite(items[place]!.score)))
    this.#rankedAt = new Uint32Array(items.length)
    this.#places.forEach((place, k) => {
      this.#rankedAt[place] = k
    })
  }

  /** One item of each content and vector, the best one, best first: the rows that `edges` join. */
  static nodes(items: readonly PoolItem[], vectors: VectorsOfRows = {}): readonly PoolItem[] {
    const seen = new Set<string>()
    const nodes: PoolItem[] = []
    for (const place of byScore(items)) {
      const key = vectorKey(items[place]!, vectors)
      if (seen.has(key)) continue
      seen.add(key)
      nodes.push(items[place]!)
    }
    return nodes
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
    const order = LiveSelection.nodes(items, vectors)
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
    return new LiveSelection(items, edges, vectors)
  }

  /**
   * What `deita` selects with these settings. The outcomes are made when they are first asked for.
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
    const meter = budgetMeter('LiveSelection', budget, items)
    const { others, similarities } = this.#neighbours
    const [indices, nodeOf, contentOf] = [this.#indices, this.#nodeOf, this.#contentOf]
    const n = items.length
    /** In the order of the ranks, as `#places` is. */
    const decisions = new FlatDecisions(n)
    const positions = new Int32Array(n).fill(-1)
    /** `index` of what was kept, by rank; and the first rank that each node has, and the `index` that stands for each content. */
    const kept: number[] = []
    const rankOf = new Int32Array(this.#nodes.length).fill(-1)
    const standing = new Float64Array(this.#contents).fill(-1)
    let position = 0
    const take = (k: number, pinned: boolean) => {
      const node = nodeOf[k]!
      if (rankOf[node] === -1) rankOf[node] = kept.length
      decisions.keep(k, kept.push(indices[k]!) - 1, pinned)
    }
    for (let k = 0; keep.size > 0 && k < n; k++) {
      if (!keep.has(indices[k]!)) continue
      const item = items[this.#places[k]!]!
      checkPin('LiveSelection', item, exclude)
      if (standing[contentOf[k]!] === -1) standing[contentOf[k]!] = indices[k]!
      meter.take(item)
      positions[k] = position++
      take(k, true)
    }
    // Whoever stands in for an excluded row of the same content comes later than the content's place.
    const inOrder = keep.size === 0 && (exclude.size === 0 || this.#contents === n)
    let ended = false
    for (let k = 0; k < n; k++) {
      if (decisions.has(k)) continue
      const content = contentOf[k]!
      const reason = exclude.size > 0 ? exclude.get(indices[k]!) : undefined
      if (reason !== undefined) decisions.exclude(k, reason)
      else if (!this.#scored[k]) decisions.invalid(k, scoreProblem(items[this.#places[k]!]!))
      else if (standing[content] !== -1) decisions.duplicate(k, standing[content]!)
      else {
        standing[content] = indices[k]!
        positions[k] = position++
        ended ||= meter.full
        if (ended) continue
        const node = nodeOf[k]!
        if (this.#edges.flags[node] !== RowFlag.usable) {
          decisions.invalid(k, vectorProblem(this.#nodes[node]!, this.#edges.flags[node], this.#problems)!)
          continue
        }
        const at = this.#neighbours.firstKept(node, threshold, rankOf, inOrder)
        if (at !== -1) {
          decisions.similar(k, kept[rankOf[others[at]!]!]!, similarities[at]!)
          continue
        }
        ended = !meter.take(items[this.#places[k]!]!)
        if (!ended) take(k, false)
      }
    }
    const outcomesOf = () =>
      items.map(({ index, id, score }, place): Outcome => {
        const k = this.#rankedAt[place]!
        const position = positions[k] === -1 ? null : positions[k]!
        return { index, id, value: score, position, decision: decisions.at(k) }
      })
    let outcomes: Outcome[] | undefined
    return {
      kept,
      // A slider asks for many selections and for the outcomes of few.
      get outcomes() {
        outcomes ??= outcomesOf()
        return outcomes
      },
    }
  }

  /**
   * Pairs of rows whose similarity is nearest to `threshold`, the nearest first; ties by the better row, then by
   * the other.
   *
   * @param side whether to look for those above the threshold, not above it, or both
   */
  pairsNear(threshold: number, limit: number, side: 'above' | 'below' | 'both' = 'both'): SimilarPair[] {
    const { from, to, similarity } = this.#edges
    const isWanted = (e: number) => side === 'both' || similarity[e]! > threshold === (side === 'above')
    const away = similarity.map((value, e) => (isWanted(e) ? Math.abs(value - threshold) : Number.NaN))
    // NaN sorts last, and is not below any limit.
    const farthest = limit < away.length ? away.slice().sort()[limit - 1]! : Number.POSITIVE_INFINITY
    const found: number[] = []
    for (let e = 0; e < away.length; e++) if (away[e]! <= farthest) found.push(e)
    if (Number.isNaN(farthest)) for (let e = 0; e < away.length; e++) if (isWanted(e)) found.push(e)
    found.sort((a, b) => away[a]! - away[b]! || from[a]! - from[b]! || to[a]! - to[b]!)
    return found.slice(0, limit).map(e => ({
      index: this.#nodes[from[e]!]!.index,
      other: this.#nodes[to[e]!]!.index,
      similarity: similarity[e]!,
    }))
  }
}
