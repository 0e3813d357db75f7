import { first, similarities } from './similarity'

/** As the library's metrics are called. */
const byName = {
  cosine: similarities.cosine,
  dot: similarities.dot,
  'negative-l1': similarities.negativeL1,
  'negative-l2': similarities.negativeL2,
}
export type MetricName = keyof typeof byName

export interface Row {
  readonly index: number
  /** NaN for a score that is missing. */
  readonly score: number
  readonly vector: ArrayLike<number>
  /** Rows of equal content count once; default: no two are equal. */
  readonly content?: string
  readonly tokens?: number
}

export interface Options {
  readonly budget: number | { readonly fraction: number } | { readonly tokens: number }
  readonly threshold: number
  readonly metric?: MetricName
  readonly compat?: boolean
  readonly keep?: ReadonlySet<number>
  readonly exclude?: ReadonlyMap<number, string>
}

export type Decision =
  | { kind: 'kept'; rank: number; pinned?: true }
  | { kind: 'similar'; to: number; similarity: number }
  | { kind: 'duplicate'; of: number }
  | { kind: 'excluded'; reason: string }
  | { kind: 'beyond budget' }
  | { kind: 'invalid' }

export interface Outcome {
  readonly position: number | null
  readonly decision: Decision
}

/** Whether a vector has a direction, or, for other metrics, moderate values. */
export function isComparable(vector: ArrayLike<number>, metric: MetricName): boolean {
  const sizes = Array.from(vector, Math.abs)
  if (metric !== 'cosine') return sizes.every(size => size < 2 ** 48)
  return sizes.every(Number.isFinite) && sizes.some(size => size >= 2 ** -100)
}

/** The similarity of two vectors by the metric of that name. */
export const similarity = (metric: MetricName, a: ArrayLike<number>, b: ArrayLike<number>) =>
  byName[metric](a, b)

/** Best score first, no number last, then by index. Deita sorts infinite scores as numbers. */
function before(a: Row, b: Row, compat: boolean): number {
  const isNone = ({ score }: Row) => (compat ? Number.isNaN(score) : !Number.isFinite(score))
  if (isNone(a) !== isNone(b)) return isNone(a) ? 1 : -1
  if (isNone(a)) return a.index - b.index
  if (a.score > b.score) return -1
  if (a.score < b.score) return 1
  return a.index - b.index
}

/** Deita's selection as a plain double loop: one row after the other against all rows kept before it. */
export function deita(
  rows: readonly Row[],
  { budget, threshold, metric = 'cosine', compat = false, keep = new Set(), exclude = new Map() }: Options,
): Outcome[] {
  const most = typeof budget === 'number' ? budget : Number.POSITIVE_INFINITY
  const share = typeof budget === 'object' && 'fraction' in budget ? budget.fraction : null
  const rowLimit = share === null ? most : Math.ceil(Math.round(share * rows.length * 1e9) / 1e9)
  const tokenLimit = typeof budget === 'object' && 'tokens' in budget ? budget.tokens : null
  const outcomes = new Map<Row, Outcome>()
  const kept: Row[] = []
  let tokens = 0
  let position = 0
  let ended = false
  const isFull = () => kept.length >= rowLimit || (tokenLimit !== null && tokens >= tokenLimit)
  const put = (row: Row, pinned: boolean) => {
    const decision: Decision = { kind: 'kept', rank: kept.length, ...(pinned ? { pinned: true } : {}) }
    outcomes.set(row, { position: position++, decision })
    kept.push(row)
    // Where a pinned row does not fit, nothing else does.
    if (tokenLimit !== null && tokens + (row.tokens ?? 0) > tokenLimit) ended = true
    tokens += row.tokens ?? 0
  }
  const stands = new Map<string, Row>()
  const content = (row: Row) => row.content ?? `row ${row.index}`
  const sorted = [...rows].sort((a, b) => before(a, b, compat))
  for (const row of sorted.filter(({ index }) => keep.has(index))) {
    if (!stands.has(content(row))) stands.set(content(row), row)
    put(row, true)
  }
  for (const row of sorted.filter(({ index }) => !keep.has(index))) {
    const reason = exclude.get(row.index)
    const twin = compat ? undefined : stands.get(content(row))
    if (reason !== undefined) {
      outcomes.set(row, { position: null, decision: { kind: 'excluded', reason } })
      continue
    }
    if (!compat && !Number.isFinite(row.score)) {
      outcomes.set(row, { position: null, decision: { kind: 'invalid' } })
      continue
    }
    if (twin) {
      outcomes.set(row, { position: null, decision: { kind: 'duplicate', of: twin.index } })
      continue
    }
    stands.set(content(row), row)
    ended ||= isFull()
    const comparable = isComparable(row.vector, metric)
    const others = kept.filter(({ vector }) => isComparable(vector, metric))
    const vectors = others.map(({ vector }) => vector)
    const match = comparable && !ended ? first(byName[metric], row.vector, vectors, threshold) : null
    if (ended) outcomes.set(row, { position: position++, decision: { kind: 'beyond budget' } })
    else if (!comparable && !compat) {
      outcomes.set(row, { position: position++, decision: { kind: 'invalid' } })
    } else if (match) {
      const to = others[match.row]!.index
      const decision: Decision = { kind: 'similar', to, similarity: match.similarity }
      outcomes.set(row, { position: position++, decision })
    } else if (tokenLimit !== null && tokens + (row.tokens ?? 0) > tokenLimit) {
      ended = true
      outcomes.set(row, { position: position++, decision: { kind: 'beyond budget' } })
    } else put(row, false)
  }
  return rows.map(row => outcomes.get(row)!)
}
