import { fmix32, fnv1a } from './hashed-ngrams'

/** How often each bucket occurs among the words of a text and its pairs of neighbouring words. */
export function bucketCounts(text: string, buckets: number): Map<number, number> {
  const words = [...text.toLowerCase().matchAll(/[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]+/gu)].map(
    ([word]) => word,
  )
  const counts = new Map<number, number>()
  words.forEach((word, i) => {
    for (const feature of i > 0 ? [word, `${words[i - 1]} ${word}`] : [word]) {
      const bucket = fmix32(fnv1a(feature)) % buckets
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
    }
  })
  return counts
}

/** Σ n_b (log(p_b + s) − log(q_b + s)) of each text: p over the target, q over the texts themselves. */
export function logWeights(
  texts: readonly string[],
  target: readonly string[],
  buckets: number,
  smoothing: number,
): number[] {
  const shares = (all: readonly string[]) => {
    const counts = all.flatMap(text => [...bucketCounts(text, buckets)])
    const sum = counts.reduce((total, [, n]) => total + n, 0)
    return (bucket: number) =>
      counts.filter(([b]) => b === bucket).reduce((total, [, n]) => total + n, 0) / (sum || 1) + smoothing
  }
  const [p, q] = [shares(target), shares(texts)]
  return texts.map(text =>
    [...bucketCounts(text, buckets)].reduce((sum, [b, n]) => sum + n * (Math.log(p(b)) - Math.log(q(b))), 0),
  )
}
