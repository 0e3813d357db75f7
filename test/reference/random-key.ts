import { fmix32 } from './hashed-ngrams'

/** FNV-1a, 64 bits, of a string's UTF-8. */
function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash
}

/** The first 52 bits of two chained hashes of seed, purpose and id, and a half, over 2^52. */
export function randomKey(seed: number, purpose: string, id: string): number {
  const content = fnv1a64(`${purpose}\n${id}`)
  const words = [BigInt(seed) & 0xffffffffn, BigInt(seed) >> 32n, content >> 32n, content & 0xffffffffn]
  const fold = (last: bigint) =>
    [...words, last].reduce(
      (h, word) => BigInt(fmix32(Number(BigInt.asUintN(32, h * 31n + word + 0x9e3779b9n)))),
      0n,
    )
  const bits = (fold(0n) << 20n) | (fold(1n) >> 12n)
  return (Number(bits) + 0.5) / 2 ** 52
}

export const gumbel = (uniform: number): number => -Math.log(-Math.log(uniform))
