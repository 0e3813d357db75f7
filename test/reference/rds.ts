import type { Wish } from './budget'
import { ONE, rounded, similarity } from './fixed-point-rows'
import { type Kept, type Place, places, type Row, within } from './greedy-picks'

export interface Turn {
  readonly place: Place
  readonly value: number
  readonly task: string
  readonly target: number
}

/**
 * Round robin over tasks, or over the targets of a single one: each sorts all rows by the cosine with its nearest
 * target, and in round r names the r-th.
 */
export function rds(
  rows: readonly Row[],
  wish: Wish,
  tasks: readonly { readonly name: string; readonly vectors: readonly ArrayLike<number>[] }[],
): Kept & { readonly turns: readonly Turn[]; readonly nearest: ReadonlyMap<number, number> } {
  const all = places(rows, false)
  const numbered = tasks.map(({ name, vectors }) => ({
    name,
    targets: vectors.map((vector, target) => ({ point: rounded(vector)!, target })),
  }))
  const [only] = numbered
  const parties =
    numbered.length === 1 ? only!.targets.map(target => ({ name: only!.name, targets: [target] })) : numbered
  const lists = parties.map(({ name, targets }) =>
    all
      .map(place => {
        const scored = targets.map(({ point, target }) => ({ target, s: similarity(point, place.point) }))
        const best = scored.reduce((a, b) => (b.s > a.s ? b : a))
        return { place, task: name, target: best.target, value: best.s / ONE }
      })
      .sort((a, b) => b.value - a.value || a.place.row.index - b.place.row.index),
  )
  const turns: Turn[] = []
  for (let round = 0; round < all.length; round++) {
    for (const list of lists) {
      const turn = list[round]!
      if (!turns.some(({ place }) => place === turn.place)) turns.push(turn)
    }
  }
  const nearest = new Map(
    all.map(place => [
      place.row.index,
      Math.max(...lists.map(list => list.find(turn => turn.place === place)!.value)),
    ]),
  )
  return { ...within(rows, turns, wish, false), turns, nearest }
}
