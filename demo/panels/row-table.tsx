import { Fragment } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { tablePage } from '../actions'
import { count, fixed } from '../parts/format'
import type { DecisionName, SelectionSummary, TablePage, TableQuery, TableRow } from '../protocol'
import { RowText } from './row-text'

const PAGE = 10

const words: Readonly<Record<DecisionName, string>> = {
  kept: 'Kept',
  similar: 'Too similar',
  duplicate: 'Duplicate',
  excluded: 'Left out',
  'beyond budget': 'Beyond budget',
  invalid: 'Invalid',
  unreadable: 'Unreadable',
}

/** All rows with their decisions, a page at a time: the worker filters and searches. */
export function RowTable(props: {
  readonly decision: TableQuery['decision']
  readonly summary: SelectionSummary
}) {
  const { decision, summary } = props
  const [search, setSearch] = useState('')
  const [order, setOrder] = useState<TableQuery['order']>('best')
  const [offset, setOffset] = useState(0)
  const [page, setPage] = useState<TablePage | null>(null)
  useEffect(() => setOffset(0), [decision, search, order, summary])
  useEffect(() => {
    let current = true
    const timer = setTimeout(async () => {
      const found = await tablePage({ decision, search, order, offset, limit: PAGE })
      if (current) setPage(found)
    }, 80)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [decision, search, order, offset, summary])
  if (!page) return null
  const end = Math.min(offset + PAGE, page.matches)
  return (
    <>
      <div class="table-tools">
        <label class="search">
          <span>Search</span>
          <input type="search" value={search} onInput={event => setSearch(event.currentTarget.value)} />
        </label>
        <label>
          <span>Order</span>
          <select
            value={order}
            onChange={event => setOrder(event.currentTarget.value === 'file' ? 'file' : 'best')}
          >
            <option value="best">Best first</option>
            <option value="file">As in the file</option>
          </select>
        </label>
        <div class="pager">
          <span aria-live="polite">
            {page.matches === 0 ? 'No row' : `${count(offset + 1)}–${count(end)} of ${count(page.matches)}`}
          </span>
          <button
            type="button"
            class="quiet"
            aria-label="Previous page"
            disabled={offset === 0}
            onClick={() => setOffset(Math.max(0, offset - PAGE))}
          >
            ‹
          </button>
          <button
            type="button"
            class="quiet"
            aria-label="Next page"
            disabled={end >= page.matches}
            onClick={() => setOffset(offset + PAGE)}
          >
            ›
          </button>
        </div>
      </div>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Decision</th>
            <th scope="col" class="number">
              Score
            </th>
            <th scope="col" class="number wide">
              Complexity
            </th>
            <th scope="col" class="number wide">
              Quality
            </th>
            <th scope="col">Row, counted from 0</th>
          </tr>
        </thead>
        <tbody>
          {page.rows.map(row => (
            <Row key={row.row} row={row} />
          ))}
        </tbody>
      </table>
    </>
  )
}

function Row({ row }: { readonly row: TableRow }) {
  const [open, setOpen] = useState(false)
  const mean = (key: string) => {
    const values = row.scores.map(scores => scores[key] ?? Number.NaN)
    return values.reduce((a, b) => a + b, 0) / values.length
  }
  const id = `row-${row.row}`
  return (
    <Fragment>
      <tr class={open ? 'open' : ''}>
        <td>
          <span class={`chip ${row.decision.replace(' ', '-')}`}>
            {words[row.decision]}
            {row.rank !== null && ` · ${row.rank}`}
          </span>
        </td>
        <td class="number">{fixed(row.score, 2)}</td>
        <td class="number wide">{fixed(mean('complexity'), 2)}</td>
        <td class="number wide">{fixed(mean('quality'), 2)}</td>
        <td class="excerpt">
          <button
            type="button"
            class="row-toggle"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            <span class="row-number">{row.row}</span>
            <span class="row-excerpt">{row.excerpt || '(empty)'}</span>
          </button>
          <p class="reason">
            {row.reason}
            {row.truncated && '; its text was cut to fit the scorer'}
          </p>
        </td>
      </tr>
      {open && (
        <tr class="detail" id={id}>
          <td colSpan={5}>
            <RowText row={row} />
          </td>
        </tr>
      )}
    </Fragment>
  )
}
