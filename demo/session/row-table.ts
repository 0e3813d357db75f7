import {
  type RowFile,
  rowText,
  type ScoredRow,
  type Selection,
  selectionRecord,
  unreadableRecord,
} from '../../src/index'
import {
  type Column,
  type DecisionName,
  decisionNames,
  type RowDetail,
  type RowText,
  type TablePage,
  type TableQuery,
  type TableRow,
} from '../row-protocol'
import { type Measure, SCORE } from './measures'

const EXCERPT = 160

/** Codes of decisions: places in `decisionNames`. */
const code = Object.fromEntries(decisionNames.map((name, n) => [name, n])) as Record<DecisionName, number>

/**
 * All rows of a file with their decisions: filtered, searched, ordered, and given out in ranges. What is made for a row
 * is made when it is asked for, and an order or a search is kept for the next range.
 */
export class RowTable {
  readonly columns: readonly Column[]
  readonly #file: RowFile
  readonly #values: ReadonlyMap<string, Float64Array>
  readonly #scored: readonly ScoredRow[]
  /** Places in `#scored` by row; -1 for what could not be read. */
  readonly #places: Int32Array
  readonly #problems: ReadonlyMap<number, RowFile['problems'][number]>
  readonly #orders = new Map<string, Uint32Array>()
  #selection: Selection = { kept: [], outcomes: [] }
  /** Decision of each row. */
  #codes: Uint8Array
  #texts: readonly string[] | null = null
  #search: { readonly words: string; readonly found: Uint8Array } | null = null
  #matching: { readonly key: string; readonly rows: Uint32Array } | null = null

  constructor(file: RowFile, scored: readonly ScoredRow[], measures: readonly Measure[]) {
    this.#file = file
    this.#scored = scored
    this.#problems = new Map(file.problems.map(problem => [problem.index, problem]))
    this.#places = new Int32Array(file.total).fill(-1)
    for (const [place, { row }] of scored.entries()) this.#places[row.index] = place
    this.#codes = new Uint8Array(file.total).fill(code.unreadable)
    const byRow = (values: ArrayLike<number>) =>
      Float64Array.from(this.#places, place => (place === -1 ? Number.NaN : values[place]!))
    const length = Float64Array.from(scored, ({ row }) => rowText(row).length)
    this.#values = new Map(
      [...measures, { key: 'length', values: length }].map(({ key, values }) => [key, byRow(values)]),
    )
    this.columns = [
      ...measures.map(({ key, label }) => ({ key, label: key === SCORE ? 'Score' : label })),
      { key: 'length', label: 'Characters' },
    ]
  }

  /** Takes another selection of the same rows. */
  set selection(selection: Selection) {
    this.#selection = selection
    this.#codes.fill(code.unreadable)
    for (const { index, decision } of selection.outcomes) this.#codes[index] = code[decision.kind]
    this.#matching = null
  }

  get counts(): Record<DecisionName, number> {
    const counts = new Uint32Array(decisionNames.length)
    for (const decision of this.#codes) counts[decision]!++
    return Object.fromEntries(decisionNames.map((name, n) => [name, counts[n]!])) as Record<
      DecisionName,
      number
    >
  }

  /** Codes of the decisions on these rows. */
  decisions(rows: Uint32Array): Uint8Array {
    return Uint8Array.from(rows, row => this.#codes[row]!)
  }

  /** Values of a column for these rows. */
  column(key: string, rows: Uint32Array): Float32Array {
    const values = this.#values.get(key)!
    return Float32Array.from(rows, row => values[row]!)
  }

  page(query: TableQuery): TablePage {
    const rows = this.#matches(query)
    const range = rows.subarray(query.offset, query.offset + query.limit)
    return { matches: rows.length, rows: Array.from(range, row => this.row(row)) }
  }

  row(row: number): TableRow {
    const place = this.#places[row]!
    const problem = this.#problems.get(row)
    const values = Object.fromEntries(
      [...this.#values].map(([key, all]) => [key, Number.isNaN(all[row]!) ? null : all[row]!]),
    )
    if (place === -1) {
      if (!problem) throw new RangeError(`The file has ${this.#places.length} rows, and none at ${row}.`)
      return { ...unreadableRecord(problem), excerpt: problem.excerpt, values }
    }
    const scored = this.#scored[place]!
    const outcome = this.#selection.outcomes[place]!
    return {
      ...selectionRecord(scored, outcome),
      excerpt: scored.row.turns[0]!.content.slice(0, EXCERPT),
      values,
    }
  }

  detail(row: number, other: number | null): RowDetail {
    return {
      own: this.#text(row),
      other: other === null ? null : this.#text(other),
      problem: this.#problems.get(row) ?? null,
    }
  }

  #text(row: number): RowText | null {
    const place = this.#places[row]!
    return place === -1 ? null : { row, turns: this.#scored[place]!.row.turns }
  }

  #matches({ decision, search, sort, descending }: TableQuery): Uint32Array {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    const key = JSON.stringify([decision, words, sort, descending])
    if (this.#matching?.key === key) return this.#matching.rows
    const found = words.length > 0 ? this.#find(words) : null
    const wanted = decision === 'all' ? null : code[decision]
    const rows = this.#order(sort, descending).filter(
      row => (wanted === null || this.#codes[row] === wanted) && (found === null || found[row] === 1),
    )
    this.#matching = { key, rows }
    return rows
  }

  /** Rows whose text has all of the words. */
  #find(words: readonly string[]): Uint8Array {
    const key = words.join(' ')
    if (this.#search?.words === key) return this.#search.found
    this.#texts ??= Array.from(this.#places, (place, row) =>
      (place === -1
        ? (this.#problems.get(row)?.excerpt ?? '')
        : rowText(this.#scored[place]!.row)
      ).toLowerCase(),
    )
    const found = Uint8Array.from(this.#texts, text => (words.every(word => text.includes(word)) ? 1 : 0))
    this.#search = { words: key, found }
    return found
  }

  #order(sort: string, descending: boolean): Uint32Array {
    if (sort === 'best') {
      const kept = Uint32Array.from(this.#selection.kept)
      const others = this.#order(SCORE, true).filter(row => this.#codes[row] !== code.kept)
      const best = new Uint32Array(this.#file.total)
      best.set(kept)
      best.set(others, kept.length)
      return descending ? best : best.reverse()
    }
    const key = `${sort} ${descending}`
    const known = this.#orders.get(key)
    if (known) return known
    const order = Uint32Array.from(this.#places, (_, row) => row)
    const values = this.#values.get(sort)
    if (values) {
      const sign = descending ? -1 : 1
      const last = descending ? -Infinity : Infinity
      const valueAt = (row: number) => (Number.isNaN(values[row]!) ? last : values[row]!)
      order.sort((a, b) => {
        const [x, y] = [valueAt(a), valueAt(b)]
        return x === y ? a - b : sign * (x - y)
      })
    } else if (descending) order.reverse()
    this.#orders.set(key, order)
    return order
  }
}
