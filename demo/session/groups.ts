import type { Row } from '../../src/index'

/** Where the rows come from, as far as a field of theirs tells. */
export interface Groups {
  readonly field: string
  readonly names: readonly string[]
  /** Place of each row's group in `names`, in the rows' order. */
  readonly of: Uint8Array<ArrayBuffer>
  /** The field's own values, in the rows' order. */
  readonly values: readonly (string | null)[]
}

/** Fields that commonly say where a row comes from, or what it is about. */
const FIELDS = ['source', 'dataset', 'subset', 'category', 'domain', 'topic', 'task', 'language', 'lang']
/** Groups that colours can tell apart; further ones are put together. */
const MOST = 7
/** A field with more values than this names single rows, not groups. */
const MOST_VALUES = 200

/** The groups by the first such field that most rows have, with at least two values. */
export function groupsOf(rows: readonly Row[]): Groups | null {
  for (const field of FIELDS) {
    const values = rows.map(({ raw }) => fieldOf(raw, field))
    const counts = new Map<string, number>()
    for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
    const known = [...counts.values()].reduce((a, b) => a + b, 0)
    if (counts.size < 2 || counts.size > MOST_VALUES || 2 * known < rows.length) continue
    const names = [...counts]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, MOST)
      .map(([name]) => name)
    const place = new Map(names.map((name, n) => [name, n]))
    const of = Uint8Array.from(values, value => place.get(value ?? '') ?? names.length)
    return { field, names: of.includes(names.length) ? [...names, 'other'] : names, of, values }
  }
  return null
}

function fieldOf(raw: unknown, field: string): string | null {
  if (typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, field)) return null
  const value = (raw as Readonly<Record<string, unknown>>)[field]
  return typeof value === 'string' && value !== '' ? value : null
}
