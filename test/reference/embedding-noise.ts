import { counterHash } from '../../src/losses/draw'

/** What is added to embedded tokens of `magnitude.length` tokens and C channels. */
export function embeddingNoise(
  magnitude: ArrayLike<number>,
  C: number,
  seed: number,
  stream: number,
): Float64Array {
  return Float64Array.from({ length: magnitude.length * C }, (_, i) => {
    const u = Math.floor(counterHash(seed, stream, i) / 2 ** 8) / 2 ** 23 - 1
    return magnitude[Math.floor(i / C)]! * u
  })
}
