import type { DrawKey } from './loss'

/** Finalizer of MurmurHash3 (Appleby, public domain): every input bit reaches every output bit. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A 32-bit number for each list of 32-bit counters: no state, so no order of calls matters. */
export function counterHash(...counters: readonly number[]): number {
  return counters.reduce((h, counter) => mix((Math.imul(h, 31) + counter + 0x9e3779b9) | 0), 0)
}

/**
 * Ones at `count` of `length` positions, drawn uniformly without replacement; zeros elsewhere.
 * The positions with the smallest random keys are taken, ties by position.
 *
 * @param side 0 for the chosen answer, 1 for the rejected one; 2 and 3 for their second, independent draws
 */
export function drawTokens(
  length: number,
  count: number,
  { seed, epoch, example }: DrawKey,
  side: 0 | 1 | 2 | 3,
): Float32Array {
  const weights = new Float32Array(length)
  if (count >= length) return weights.fill(1)
  const keys = Array.from({ length }, (_, t) => counterHash(seed, epoch, example, side, t))
  const order = keys.map((_, t) => t).sort((a, b) => keys[a]! - keys[b]! || a - b)
  for (const t of order.slice(0, count)) weights[t] = 1
  return weights
}
