import type { PoolItem } from './pool'
import { SelectionError } from './selection-error'
import type { Decision } from './selector'

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
}

/** Rows in the order in which they are looked at. */
export interface Ranking {
  /** The pinned ones first; both parts by descending score, then by ascending index. */
  readonly order: readonly PoolItem[]
  /** How many of them are pinned. */
  readonly pinned: number
  /** Decisions on the rows that are not in the order. */
  readonly decided: ReadonlyMap<PoolItem, Decision>
}

/**
 * Ranks items. Of several with the same content the first stands for all, unless each is pinned.
 *
 * @throws {SelectionError} naming `who` if a row is to be kept and left out
 */
export function rankItems(
  who: string,
  items: readonly PoolItem[],
  { keep = new Set(), exclude = new Map(), collapse, unscored }: RankingOptions,
): Ranking {
  const decided = new Map<PoolItem, Decision>()
  const pinned: PoolItem[] = []
  const rest: PoolItem[] = []
  for (const item of items) {
    const reason = exclude.get(item.index)
    if (keep.has(item.index)) {
      checkPin(who, item, exclude)
      pinned.push(item)
    } else if (reason !== undefined) decided.set(item, { kind: 'excluded', reason })
    else if (unscored || Number.isFinite(item.score)) rest.push(item)
    else decided.set(item, { kind: 'invalid', reason: scoreProblem(item) })
  }
  pinned.sort(byScore)
  rest.sort(byScore)
  if (!collapse) return { order: [...pinned, ...rest], pinned: pinned.length, decided }
  const first = new Map<string, number>()
  for (const item of pinned) if (!first.has(contentOf(item))) first.set(contentOf(item), item.index)
  const distinct = rest.filter(item => {
    const of = first.get(contentOf(item))
    if (of === undefined) first.set(contentOf(item), item.index)
    else decided.set(item, { kind: 'duplicate', of })
    return of === undefined
  })
  return { order: [...pinned, ...distinct], pinned: pinned.length, decided }
}

/** @throws {SelectionError} naming `who` if a row that is to be kept is left out as well */
export function checkPin(who: string, { index, id }: PoolItem, exclude: ReadonlyMap<number, string>): void {
  const reason = exclude.get(index)
  if (reason === undefined) return
  throw new SelectionError(`${who}: row ${id} is to be kept, and left out as well: ${reason}`)
}

/** What two equal rows have in common. */
export const contentOf = ({ content, text }: PoolItem): string => content ?? text

/** By descending score, no number last; equal ones by ascending index. */
export function byScore(a: PoolItem, b: PoolItem): number {
  const [x, y] = [numberOf(a), numberOf(b)]
  if (Number.isNaN(x) || Number.isNaN(y)) {
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a.index - b.index
  }
  return x === y ? a.index - b.index : x > y ? -1 : 1
}

const numberOf = ({ score }: PoolItem): number => (typeof score === 'number' ? score : Number.NaN)

/** Why an item cannot be ranked by its score. */
export function scoreProblem({ score }: PoolItem): string {
  return typeof score === 'number' ? `its score is ${score}` : score.missing
}
