export interface Row {
  readonly index: number
  /** NaN for a score that is missing. */
  readonly score: number
  readonly length: number
  readonly source: string | null
}

export function profile(rows: readonly Row[]) {
  const lengths = rows.map(({ length }) => length).sort((a, b) => a - b)
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
  const n = rows.length
  const scores = rows.map(({ score }) => score).filter(Number.isFinite)
  const middle = n % 2 ? lengths[(n - 1) / 2]! : (lengths[n / 2 - 1]! + lengths[n / 2]!) / 2
  const counts = [...new Set(rows.map(({ source }) => source))].map(source => ({
    source,
    rows: rows.filter(row => row.source === source).length,
  }))
  // U+FFFF is no character: nothing sorts behind it.
  const name = (source: string | null) => source ?? '\uffff'
  counts.sort((a, b) => b.rows - a.rows || (name(a.source) < name(b.source) ? -1 : 1))
  return {
    rows: n,
    totalLength: sum(lengths),
    meanLength: n ? sum(lengths) / n : null,
    medianLength: n ? middle : null,
    sources: counts,
    meanScore: scores.length ? sum(scores) / scores.length : null,
    unscored: n - scores.length,
  }
}

export function jaccard(a: readonly number[], b: readonly number[]): number {
  const union = new Set([...a, ...b])
  return union.size === 0 ? 1 : a.filter(index => b.includes(index)).length / union.size
}
