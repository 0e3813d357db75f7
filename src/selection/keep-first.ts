import type { Score } from '../scoring/scorer'
import type { Candidate } from './pool'
import type { Decision, Outcome, SelectOptions } from './selector'

/** Where an item stands before the budget is spent. */
export type Standing =
  /** It takes part; the smallest key comes first, of equal ones the smallest index. Never NaN. */
  | { readonly key: number; readonly value: Score | null }
  /** It takes no part, for this reason. */
  | { readonly out: Decision; readonly value: Score | null }

/**
 * Goes through the items that take part in the order of their keys, and keeps those that `take` accepts.
 *
 * @returns an outcome for every item, in the order of `items`
 * @throws the signal's reason once it is aborted
 */
export function keepFirst<Item extends Candidate>(
  items: readonly Item[],
  take: (item: Item) => boolean,
  stand: (item: Item, place: number) => Standing,
  { signal, onProgress }: SelectOptions,
): Outcome[] {
  signal?.throwIfAborted()
  const standings = items.map(stand)
  const keys = standings.map(standing => ('key' in standing ? standing.key : null))
  const order = [...keys.keys()].filter(place => keys[place] !== null)
  order.sort((a, b) => {
    const [x, y] = [keys[a]!, keys[b]!]
    return x < y ? -1 : x > y ? 1 : items[a]!.index - items[b]!.index
  })
  const positions = new Array<number | null>(items.length).fill(null)
  const decisions = standings.map(standing => ('out' in standing ? standing.out : BEYOND))
  let kept = 0
  for (const [position, place] of order.entries()) {
    positions[place] = position
    if (take(items[place]!)) decisions[place] = { kind: 'kept', rank: kept++ }
  }
  onProgress?.({ decided: items.length, total: items.length, kept })
  return items.map(({ index, id }, place) => ({
    index,
    id,
    value: standings[place]!.value,
    position: positions[place]!,
    decision: decisions[place]!,
  }))
}

const BEYOND: Decision = { kind: 'beyond budget' }

export const invalid = (reason: string, value: Score | null = null): Standing => ({
  out: { kind: 'invalid', reason },
  value,
})

export const excluded = (reason: string, value: Score | null = null): Standing => ({
  out: { kind: 'excluded', reason },
  value,
})

/** A finite number, or why there is none; `what` names it to the user. */
export function measured(what: string, score: Score | undefined): Score {
  if (score === undefined) return { missing: `its ${what} is not known` }
  return typeof score !== 'number' || Number.isFinite(score) ? score : { missing: `its ${what} is ${score}` }
}
