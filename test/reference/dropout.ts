import { counterHash } from '../../src/losses/draw'

/** What inputs are multiplied by: 0, or 1 / (1 − rate). */
export function dropoutMask(size: number, rate: number, seed: number, stream: number): Float64Array {
  const threshold = Math.round(rate * 2 ** 32)
  return Float64Array.from({ length: size }, (_, i) =>
    counterHash(seed, stream, i) >= threshold ? 1 / (1 - rate) : 0,
  )
}
