import type { Wish } from './budget'
import { squaredDistance } from './fixed-point-rows'
import { argmax, type Kept, type Place, places, type Row, within } from './greedy-picks'

/** Always the row that is farthest from its nearest kept one. */
export function kCenter(rows: readonly Row[], wish: Wish, first: number | null): Kept {
  const all = places(rows, false)
  const numbered = all.filter(({ row }) => Number.isFinite(row.score))
  const best = numbered[argmax(numbered.map(({ row }) => row.score))] ?? all[0]
  const begin = all.find(({ row }) => row.index === first) ?? best
  const order: { place: Place; value: number | null }[] = begin ? [{ place: begin, value: null }] : []
  let left = all.filter(place => place !== begin).map(place => ({ place, near: Infinity }))
  while (left.length > 0) {
    const { point } = order.at(-1)!.place
    left = left.map(({ place, near }) => ({
      place,
      near: Math.min(near, squaredDistance(place.point, point)),
    }))
    const [next] = left.splice(argmax(left.map(({ near }) => near)), 1)
    order.push({ place: next!.place, value: Math.sqrt(next!.near) / 32000 })
  }
  return within(rows, order, wish, false)
}
