import type { RowFile, SelectionRecord } from '../../src/index'
import type { RowDetail, RowText, TablePage, TableQuery, TableRow } from '../protocol'

const EXCERPT = 160

interface Entry {
  readonly row: TableRow
  /** All of its text in lower case. */
  readonly haystack: string
}

/** The table of all rows of a file with their decisions: filtered, searched and given out page by page. */
export class RowTable {
  readonly #file: RowFile
  readonly #byOrder: Readonly<Record<TableQuery['order'], readonly Entry[]>>
  readonly #positions: ReadonlyMap<number, number>

  constructor(file: RowFile, records: readonly SelectionRecord[]) {
    this.#file = file
    this.#positions = new Map(file.rows.map(({ index }, position) => [index, position]))
    const problems = new Map(file.problems.map(problem => [problem.index, problem]))
    const entries = records.map((record): Entry => {
      const texts = this.#turns(record.row).map(({ content }) => content)
      const first = texts[0] ?? problems.get(record.row)?.excerpt ?? ''
      return {
        row: { ...record, excerpt: first.slice(0, EXCERPT) },
        haystack: [...texts, ...(texts.length === 0 ? [first] : [])].join('\n').toLowerCase(),
      }
    })
    const best = [...entries].sort(
      ({ row: a }, { row: b }) =>
        (a.rank ?? Infinity) - (b.rank ?? Infinity) ||
        (b.score ?? -Infinity) - (a.score ?? -Infinity) ||
        a.row - b.row,
    )
    this.#byOrder = { best, file: entries }
  }

  page({ decision, search, order, offset, limit }: TableQuery): TablePage {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    const matching = this.#byOrder[order].filter(
      ({ row, haystack }) =>
        (decision === 'all' || row.decision === decision) && words.every(word => haystack.includes(word)),
    )
    return { matches: matching.length, rows: matching.slice(offset, offset + limit).map(({ row }) => row) }
  }

  detail(row: number, other: number | null): RowDetail {
    return {
      own: this.#text(row),
      other: other === null ? null : this.#text(other),
      problem: this.#file.problems.find(({ index }) => index === row) ?? null,
    }
  }

  #text(row: number): RowText | null {
    return this.#positions.has(row) ? { row, turns: this.#turns(row) } : null
  }

  #turns(row: number) {
    const position = this.#positions.get(row)
    return position === undefined ? [] : this.#file.rows[position]!.turns
  }
}
