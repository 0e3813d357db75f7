import type { Embedder } from '../embedding/embedder'
import type { Vectors } from '../embedding/vectors'
import { ONE, roundRow } from '../similarity/fixed-point-rows'
import { RowFlag } from '../similarity/prepare-rows'
import { TargetSimilarity } from '../similarity/target-similarity'
import { type Budget, type BudgetMeter, budgetMeter, checkBudget } from './budget'
import { byIndex, readVectors, vectorsOf } from './fixed-point-pool'
import { Picks } from './picks'
import type { Pool, PoolItem } from './pool'
import { SelectionError } from './selection-error'
import type { Decision, Outcome, SelectOptions, Selector } from './selector'
import { TopRows } from './top-rows'
import { vectorProblem } from './vector-problem'

/**
 * Examples of what the model shall become good at: as texts, for which `RdsOptions` has the embedder, or as
 * vectors.
 */
export type RdsTask = { readonly name: string } & (
  | { readonly texts: readonly string[] }
  | { readonly vectors: readonly ArrayLike<number>[] }
)

export interface RdsOptions {
  readonly budget: Budget
  /** With several tasks, these take turns; with one, its targets do. */
  readonly targets: readonly RdsTask[]
  /** Embeds the texts of targets: the one that the pool's vectors are of. */
  readonly embedder?: Embedder
  /** Rows embedded and compared at a time, at most. The result does not depend on it. */
  readonly blockSize?: number
}

const WHO = 'rds'
const BLOCK = 512

/** Those who take a turn together: targets of one task, or one target. */
interface Party {
  readonly task: string
  /** Numbers of its targets within the task. */
  readonly begin: number
  /** Its targets among all: from `first` up to `end`. */
  readonly first: number
  readonly end: number
}

/**
 * Target-aware selection by representations, RDS+ (Ivison et al. 2025, arXiv 2503.01807): rows that are like
 * examples of what the model shall become good at. Its vectors are best those of `positionWeightedMean`.
 *
 * A row's score for a task is its largest cosine with one of the task's targets. Tasks take turns: in round r
 * each names the row that is r-th by its score, which is kept unless it was before; then the turn is over, as
 * in the authors' get_top_aggregated_influences.py. With a single task its targets take turns in the same
 * way, as in get_top_influences.py. To have the targets of several tasks take turns, give each as a task.
 *
 * Cosines are those of `FixedPointRows`, whole numbers, so every GPU keeps the same rows; of equal ones the
 * one with the lowest index comes first. A kept row's value is its cosine with the target that it is kept
 * for; another's is its largest with any. Scores play no part. Rows whose embedding is zero or not finite are
 * invalid.
 *
 * @throws {SelectionError} if an option is out of its range, or there is no target
 */
export function rds({ budget, targets, embedder, blockSize = BLOCK }: RdsOptions): Selector {
  checkBudget(WHO, budget)
  if (!(Number.isSafeInteger(blockSize) && blockSize > 0)) {
    throw new SelectionError(`${WHO}: blockSize is ${blockSize}, expected a positive whole number`)
  }
  if (targets.length === 0) throw new SelectionError(`${WHO}: there are no targets; give at least one task`)
  for (const task of targets) {
    if (sizeOf(task) === 0) throw new SelectionError(`${WHO}: task ${task.name} has no targets`)
    if ('texts' in task && !embedder) {
      throw new SelectionError(
        `${WHO}: the targets of task ${task.name} are texts; give the embedder for them`,
      )
    }
  }
  return {
    name: WHO,
    async select(pool, options) {
      const { items } = pool
      const meter = budgetMeter(WHO, budget, items)
      const decided = new Map<PoolItem, Decision>()
      if (meter.full) return new Picks().outcomes(items, decided)
      const vectors = vectorsOf(WHO, pool)
      const values = await targetVectors(targets, vectors.dimensions, embedder, options.signal)
      checkDirections(targets, values, vectors.dimensions)
      return await run(pool, vectors, partiesOf(targets), values, { ...options, meter, blockSize, decided })
    },
  }
}

/** Vectors of all targets, [Q, E]. */
async function targetVectors(
  tasks: readonly RdsTask[],
  E: number,
  embedder: Embedder | undefined,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const all: number[] = []
  for (const task of tasks) {
    if ('vectors' in task) {
      for (const [i, vector] of task.vectors.entries()) {
        if (vector.length !== E) {
          throw new SelectionError(
            `${WHO}: target ${i} of task ${task.name} has ${vector.length} values, expected ${E} as the rows`,
          )
        }
        for (let e = 0; e < E; e++) all.push(vector[e]!)
      }
      continue
    }
    if (!embedder || embedder.dimensions !== E) {
      throw new SelectionError(
        `${WHO}: ${embedder?.name} gives targets ${embedder?.dimensions} values, the rows have ${E}; use the embedder of the rows`,
      )
    }
    using vectors = await embedder.embed(task.texts, signal ? { signal } : {})
    for (const value of await embedder.gpu.read(vectors)) all.push(value)
  }
  return Float32Array.from(all)
}

const sizeOf = (task: RdsTask): number => ('texts' in task ? task.texts : task.vectors).length

/** @throws {SelectionError} naming the target whose vector is zero or not finite */
function checkDirections(tasks: readonly RdsTask[], values: Float32Array, E: number): void {
  const rounded = new Int16Array(E)
  let row = 0
  for (const task of tasks) {
    for (let i = 0; i < sizeOf(task); i++, row++) {
      if (roundRow(values.subarray(row * E, (row + 1) * E), rounded) === RowFlag.usable) continue
      throw new SelectionError(
        `${WHO}: target ${i} of task ${task.name} has a vector that is zero or not finite; leave it out`,
      )
    }
  }
}

function partiesOf(tasks: readonly RdsTask[]): Party[] {
  const [only] = tasks
  if (only && tasks.length === 1) {
    return Array.from({ length: sizeOf(only) }, (_, q) => ({
      task: only.name,
      begin: q,
      first: q,
      end: q + 1,
    }))
  }
  let first = 0
  return tasks.map(task => {
    const party = { task: task.name, begin: 0, first, end: first + sizeOf(task) }
    first = party.end
    return party
  })
}

async function run(
  pool: Pool,
  vectors: Vectors,
  parties: readonly Party[],
  targets: Float32Array,
  {
    meter,
    blockSize,
    decided,
    signal,
    onProgress,
  }: SelectOptions & {
    readonly meter: BudgetMeter<PoolItem>
    readonly blockSize: number
    readonly decided: Map<PoolItem, Decision>
  },
): Promise<Outcome[]> {
  const order = byIndex(pool.items)
  const nearest = new Map<PoolItem, number>()
  // After as many rounds as rows are wanted a single party has named them all.
  const lists = parties.map(() => new TopRows(meter.room))
  using compared = new TargetSimilarity(vectors.gpu, targets, vectors.dimensions, blockSize)
  for (let begin = 0; begin < order.length; begin += compared.blockRows) {
    signal?.throwIfAborted()
    const block = order.slice(begin, begin + compared.blockRows)
    const { flags, similarities } = await compared.compare(await readVectors(WHO, vectors, block, signal))
    const valid = block.flatMap((item, i) => {
      const reason = vectorProblem(item, flags[i], vectors.problems)
      if (reason !== null) decided.set(item, { kind: 'invalid', reason })
      return reason === null ? [i] : []
    })
    for (const [n, i] of valid.entries()) {
      let best = -Infinity
      for (const [p, party] of parties.entries()) {
        const { q, similarity } = bestTarget(similarities, valid.length, n, party)
        lists[p]!.add(begin + i, similarity, party.begin + q)
        best = Math.max(best, similarity)
      }
      nearest.set(block[i]!, best / ONE)
    }
    onProgress?.({ decided: Math.min(begin + block.length, order.length), total: order.length, kept: 0 })
  }
  const picks = takeTurns(parties, lists, order, meter)
  onProgress?.({ decided: order.length, total: order.length, kept: picks.size })
  return picks.outcomes(pool.items, decided, item => nearest.get(item) ?? null)
}

/**
 * The party's target that row `n` of `rows` is most like, the first of equal ones: its place in the party.
 */
function bestTarget(similarities: Int32Array, rows: number, n: number, { first, end }: Party) {
  let q = first
  for (let other = first + 1; other < end; other++) {
    if (similarities[other * rows + n]! > similarities[q * rows + n]!) q = other
  }
  return { q: q - first, similarity: similarities[q * rows + n]! }
}

function takeTurns(
  parties: readonly Party[],
  lists: readonly TopRows[],
  order: readonly PoolItem[],
  meter: BudgetMeter<PoolItem>,
): Picks {
  const picks = new Picks()
  const named = lists.map(list => list.take())
  const rounds = Math.max(...named.map(({ length }) => length))
  for (let round = 0; round < rounds; round++) {
    for (const [p, { task }] of parties.entries()) {
      const turn = named[p]![round]
      const item = turn && order[turn.row]
      if (!item || picks.has(item)) continue
      if (!meter.take(item)) return picks
      picks.add(
        item,
        turn.value / ONE,
        `like target ${turn.tag} of ${task}: cosine ${(turn.value / ONE).toFixed(4)}`,
      )
    }
  }
  return picks
}
