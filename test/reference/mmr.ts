import type { Wish } from './budget'
import { ONE, squaredDistance } from './fixed-point-rows'
import { argmax, type Kept, type Place, places, type Row, unit, within } from './greedy-picks'

/** Always the row of the largest λ q − (1 − λ) max cosine, in whole numbers of any size. */
export function mmr(rows: readonly Row[], wish: Wish, lambda: number): Kept {
  const all = places(rows, true)
  const quality = unit(all)
  const factor = BigInt(Math.round((1 - lambda) * 2 ** 32))
  const order: { place: Place; value: number | null }[] = []
  // Before anything is kept, the largest cosine is 0, and so the squared distance ONE.
  let left = all.map((place, i) => ({ place, q: quality[i]!, near: ONE }))
  while (left.length > 0) {
    const keys = left.map(
      ({ q, near }) => BigInt(Math.round(lambda * q * ONE)) + ((BigInt(near) * factor) >> 32n),
    )
    const [next] = left.splice(argmax(keys), 1)
    const { place, q, near } = next!
    const before = order.length === 0 ? Infinity : null
    order.push({ place, value: lambda * q - (1 - lambda) * (1 - near / ONE) })
    left = left.map(other => ({
      ...other,
      near: Math.min(before ?? other.near, squaredDistance(other.place.point, place.point)),
    }))
  }
  return within(rows, order, wish, true)
}
