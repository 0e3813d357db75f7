import { keptWithin, type Wish } from './budget'
import { similarity } from './fixed-point-rows'
import { argmax, type Kept, type Place, places, type Row, unit, within } from './greedy-picks'
import { fmix32 } from './hashed-ngrams'

export interface Settings {
  readonly alpha: number
  readonly epsilon: number
  readonly seed: number
}

/** Chained hash of whole numbers below 2^32. */
const hash = (counters: readonly number[]): number =>
  counters.reduce((h, counter) => {
    const mixed = BigInt.asUintN(32, BigInt(h) ^ BigInt(counter)) + 0x9e3779b9n
    return fmix32(Number(BigInt.asUintN(32, mixed)))
  }, 0)

/** How well one row stands for another, from 0 to 500000. */
const stands = (a: Place, b: Place) => Math.max(0, Math.floor(similarity(a.point, b.point) / 4096))

/** Greedy maximization: every step adds each row it looks at to the set, and sees how much the sum grows. */
export function facilityLocation(rows: readonly Row[], wish: Wish, { alpha, epsilon, seed }: Settings): Kept {
  const scored = alpha > 0
  const all = places(rows, scored)
  const N = all.length
  const quality = scored ? unit(all) : all.map(() => 0)
  const mean = all.reduce((sum, { row }) => sum + (row.tokens ?? 0), 0) / N
  const K =
    'tokens' in wish
      ? Math.max(1, Math.min(N, mean > 0 ? Math.floor(wish.tokens / mean) : N))
      : Math.min(
          N,
          keptWithin(
            rows.map(() => ({})),
            wish,
            rows.length,
          ),
        )
  const size = epsilon === 0 ? N : Math.max(1, Math.ceil((N / K) * Math.log(1 / epsilon)))
  const order: { place: Place; value: number | null }[] = []
  const table = new Map(all.map(kept => [kept, all.map(place => stands(place, kept))]))
  /** How well the kept rows stand for each. */
  let covered = all.map(() => 0)
  const joined = (place: Place) => covered.map((before, i) => Math.max(before, table.get(place)![i]!))
  const isWithin = () => within(rows, order, wish, scored).kept.length === order.length
  for (let step = 0; step < N && isWithin(); step++) {
    const set = order.map(({ place }) => place)
    const free = all.filter(place => !set.includes(place))
    let looked = free
    if (size < free.length) {
      looked = []
      for (let draw = 0; looked.length < size; draw++) {
        const words = [seed % 2 ** 32, Math.floor(seed / 2 ** 32), step, draw]
        const place = all[Math.floor((hash(words) * N) / 2 ** 32)]!
        if (free.includes(place) && !looked.includes(place)) looked.push(place)
      }
      looked.sort((a, b) => a.row.index - b.row.index)
    }
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
    const values = looked.map(place => {
      const gain = sum(joined(place)) - sum(covered)
      return ((1 - alpha) * gain) / (500000 * N) + (alpha * quality[all.indexOf(place)]!) / K
    })
    const next = argmax(values)
    order.push({ place: looked[next]!, value: values[next]! })
    covered = joined(looked[next]!)
  }
  return within(rows, order, wish, scored)
}
