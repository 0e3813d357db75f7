import { mixBits } from '../data/hash-32'

/** A number below 2³² for each list of counters: without state, so no order of calls matters. */
const hash = (...counters: readonly number[]): number =>
  counters.reduce((h, counter) => mixBits((h ^ counter) + 0x9e3779b9), 0)

/**
 * Draws `count` different rows of `n`, each as likely as any other that is free, in the order drawn. The d-th draw
 * of a step, from 0, is row ⌊hash(both halves of seed, step, d) · n / 2³²⌋; rows that are not free, or drawn
 * before, are passed over. There must be `count` free ones.
 */
export function sampleRows(
  { seed, step }: { readonly seed: number; readonly step: number },
  count: number,
  n: number,
  isFree: (row: number) => boolean,
): number[] {
  const rows = new Set<number>()
  for (let draw = 0; rows.size < count; draw++) {
    const row = Math.floor((hash(seed | 0, Math.floor(seed / 2 ** 32), step, draw) / 2 ** 32) * n)
    if (isFree(row)) rows.add(row)
  }
  return [...rows]
}
