import { useEffect, useState } from 'preact/hooks'
import { tablePage } from '../row-actions'
import type { TableQuery, TableRow } from '../row-protocol'

/** Rows that are asked for at a time. */
const CHUNK = 50

export type RowQuery = Omit<TableQuery, 'offset' | 'limit'>

interface Held {
  readonly query: RowQuery
  readonly version: unknown
  readonly matches: number
  readonly chunks: ReadonlyMap<number, readonly TableRow[]>
}

/**
 * Rows of the worker's table from `first` to `last`, as they come. While those of another query or another version are
 * on their way, the ones before stay.
 */
export function useRows(query: RowQuery, version: unknown, first: number, last: number) {
  const [held, setHeld] = useState<Held | null>(null)
  const from = Math.floor(first / CHUNK)
  const to = Math.floor(Math.max(first, last) / CHUNK)
  useEffect(() => {
    const chunks = held?.query === query && held.version === version ? held.chunks : new Map()
    const wanted = Array.from({ length: to - from + 1 }, (_, n) => from + n)
    const missing = wanted.filter(chunk => !chunks.has(chunk))
    if (missing.length === 0) return
    let current = true
    // Fast scrolling passes by rows that nobody sees.
    const timer = setTimeout(async () => {
      const pages = await Promise.all(
        missing.map(chunk => tablePage({ ...query, offset: chunk * CHUNK, limit: CHUNK })),
      )
      if (!current) return
      const more = missing.map((chunk, n) => [chunk, pages[n]!.rows] as const)
      setHeld({ query, version, matches: pages[0]!.matches, chunks: new Map([...chunks, ...more]) })
    }, 30)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [query, version, from, to, held])
  return {
    /** `null` until the first answer. */
    matches: held?.matches ?? null,
    at: (index: number): TableRow | null =>
      held?.chunks.get(Math.floor(index / CHUNK))?.[index % CHUNK] ?? null,
  }
}
