import type { Vectors } from '../embedding/vectors'
import type { PoolItem } from './pool'
import { SelectionError } from './selection-error'
import type { Decision, Outcome } from './selector'

/** What the user decides about single rows. */
export interface Pins {
  /** `index` of rows that are kept before all others, whatever they resemble. */
  readonly keep?: ReadonlySet<number>
  /** `index` of rows that are left out, each with the reason in the user's terms. */
  readonly exclude?: ReadonlyMap<number, string>
}

export interface RankingOptions extends Pins {
  /** Whether rows of one content are one row. */
  readonly collapse: boolean
  /** Whether a row whose score is no finite number takes part, after all others. */
  readonly unscored: boolean
  /** Whether infinite scores rank as the largest and smallest numbers that they are. */
  readonly infinite?: boolean
  /** Of the vectors: rows without one stand for no other, and no other stands for them. */
  readonly problems?: Vectors['problems']
}

/** Rows in the order in which they are looked at. */
export interface Ranking {
  /** The pinned ones first; both parts by descending score, then by ascending index. */
  readonly order: readonly PoolItem[]
  /** Their places among the items that were ranked. */
  readonly places: Uint32Array
  /** How many of them are pinned. */
  readonly pinned: number
  /** Decisions on the items that are not in the order, by their places. */
  readonly decided: ReadonlyMap<number, Decision>
}

/**
 * Ranks items. Of several with the same content the first stands for all, unless each is pinned.
 *
 * @throws {SelectionError} naming `who` if a row is to be kept and left out
 */
export function rankItems(
  who: string,
  items: readonly PoolItem[],
  { keep = new Set(), exclude = new Map(), collapse, unscored, infinite = false, problems }: RankingOptions,
): Ranking {
  const decided = new Map<number, Decision>()
  const pinned: number[] = []
  const rest: number[] = []
  for (const [place, item] of items.entries()) {
    const reason = exclude.size > 0 ? exclude.get(item.index) : undefined
    if (keep.size > 0 && keep.has(item.index)) {
      checkPin(who, item, exclude)
      pinned.push(place)
    } else if (reason !== undefined) decided.set(place, { kind: 'excluded', reason })
    else if (unscored || Number.isFinite(item.score)) rest.push(place)
    else decided.set(place, { kind: 'invalid', reason: scoreProblem(item) })
  }
  const first = new Map<string, number>()
  const standFor = (place: number) =>
    collapse && !problems?.has(items[place]!.index) ? stand(items[place]!, first) : undefined
  const places = [...byScore(items, { places: pinned, infinite })]
  for (const place of places) standFor(place)
  for (const place of byScore(items, { places: rest, infinite })) {
    const of = standFor(place)
    if (of === undefined) places.push(place)
    else decided.set(place, { kind: 'duplicate', of })
  }
  const order = places.map(place => items[place]!)
  return { order, places: Uint32Array.from(places), pinned: pinned.length, decided }
}

/** The index of the item that stands for this one's content; undefined if it is the first and does so itself. */
function stand(item: PoolItem, first: Map<string, number>): number | undefined {
  const content = contentOf(item)
  const of = first.get(content)
  if (of === undefined) first.set(content, item.index)
  return of
}

/** An outcome for every item, given the decisions on those of the order that were reached. */
export function rankedOutcomes(
  items: readonly PoolItem[],
  { places, decided }: Ranking,
  decisions: readonly Decision[],
): Outcome[] {
  const positions = new Int32Array(items.length).fill(-1)
  for (let position = 0; position < places.length; position++) positions[places[position]!] = position
  return items.map(({ index, id, score }, place) => {
    const position = positions[place]! < 0 ? null : positions[place]!
    const reached = position === null ? decided.get(place) : decisions[position]
    return { index, id, value: score, position, decision: reached ?? { kind: 'beyond budget' } }
  })
}

/** @throws {SelectionError} naming `who` if a row that is to be kept is left out as well */
export function checkPin(who: string, { index, id }: PoolItem, exclude: ReadonlyMap<number, string>): void {
  const reason = exclude.get(index)
  if (reason === undefined) return
  throw new SelectionError(`${who}: row ${id} is to be kept, and left out as well: ${reason}`)
}

/** What two equal rows have in common. */
export const contentOf = ({ content, text }: PoolItem): string => content ?? text

/**
 * Places of all or some items by descending score; those whose score is no number, or, unless asked for, no finite
 * one, last; equal ones by ascending index.
 */
export function byScore(
  items: readonly PoolItem[],
  { places = items.keys(), infinite = false }: { places?: Iterable<number>; infinite?: boolean } = {},
): Uint32Array {
  const scores = Float64Array.from(items, ({ score }) =>
    typeof score === 'number' && (infinite || Number.isFinite(score)) ? score : Number.NaN,
  )
  const indices = Float64Array.from(items, ({ index }) => index)
  return Uint32Array.from(places).sort((a, b) => {
    const [x, y] = [scores[a]!, scores[b]!]
    if (x > y) return -1
    if (x < y) return 1
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || indices[a]! - indices[b]!
  })
}

/** Why an item cannot be ranked by its score. */
export function scoreProblem({ score }: PoolItem): string {
  return typeof score === 'number' ? `its score is ${score}` : score.missing
}
