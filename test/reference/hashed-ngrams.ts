/** FNV-1a, 32 bits, of a string's UTF-8. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5n
  for (const byte of new TextEncoder().encode(text)) {
    hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn
  }
  return Number(hash)
}

/** The finalizer of MurmurHash3, 32 bits. */
export function fmix32(hash: number): number {
  const mask = 0xffffffffn
  let h = BigInt(hash)
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & mask
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & mask
  return Number(h ^ (h >> 16n))
}

/**
 * Every feature of a text, with how often it occurs, as the string that is hashed. Half surrogate pairs
 * become U+FFFD.
 */
export function features(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  const count = (feature: string) => counts.set(feature, (counts.get(feature) ?? 0) + 1)
  const wellFormed = text.replace(/\p{Surrogate}/gu, '\ufffd')
  const words =
    wellFormed
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]+/gu) ?? []
  words.forEach((word, i) => {
    count(`\u0001${word}`)
    if (i > 0) count(`\u0002${words[i - 1]}\n${word}`)
    const points = ['<', ...word, '>']
    for (const n of [3, 4, 5])
      for (let at = 0; at + n <= points.length; at++) count(`\u0003${points.slice(at, at + n).join('')}`)
  })
  return counts
}

/** Signed sum of 1 + ln n over the features, at unit length. */
export function hashedNgramVector(text: string, dimensions = 384): Float64Array {
  const sums = new Float64Array(dimensions)
  for (const [feature, n] of features(text)) {
    const hash = fmix32(fnv1a(feature))
    sums[Math.floor(hash / 2) % dimensions]! += (hash % 2 === 1 ? -1 : 1) * (1 + Math.log(n))
  }
  const length = Math.hypot(...sums)
  return length > 0 ? sums.map(v => v / length) : sums
}
