import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count, counted } from '../parts/format'
import { useVirtualizer } from '../parts/use-virtualizer'
import { clearPins } from '../row-actions'
import type { SelectionSummary, TableQuery } from '../row-protocol'
import { columns, drop, keep } from '../state'
import { SortMenu, TableHead } from './table-head'
import { TableRowView } from './table-row'
import { useRows } from './use-rows'

/** Height of a row until it is measured, in px. */
const USUAL = 64
/** Browsers scroll no further than some 30 million px. */
const MOST = 400_000

export type Sort = Pick<TableQuery, 'sort' | 'descending'>

/** All rows with their decisions. The worker filters, searches and orders; only rows in view are asked for. */
export function RowTable(props: {
  readonly decision: TableQuery['decision']
  readonly summary: SelectionSummary
}) {
  const { decision, summary } = props
  const [typed, setTyped] = useState('')
  const [search, setSearch] = useState('')
  const [sort, setSort] = useState<Sort>({ sort: 'best', descending: true })
  const [open, setOpen] = useState<number | null>(null)
  const scroller = useRef<HTMLElement>(null)
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed), 120)
    return () => clearTimeout(timer)
  }, [typed])
  const query = useMemo(() => ({ decision, search, ...sort }), [decision, search, sort])
  const [total, setTotal] = useState(0)
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => USUAL,
    getItemKey: index => index,
    overscan: 6,
  })
  const items = virtualizer.getVirtualItems()
  const rows = useRows(query, summary, items[0]?.index ?? 0, items.at(-1)?.index ?? 0)
  const matches = rows.matches ?? 0
  useEffect(() => setTotal(Math.min(matches, MOST)), [matches])
  useEffect(() => {
    setOpen(null)
    virtualizer.measure()
    virtualizer.scrollToOffset(0)
  }, [query])
  const pinned = keep.value.size + drop.value.size
  return (
    <>
      <div class="table-tools">
        <label class="search">
          <span>Search</span>
          <input type="search" value={typed} onInput={event => setTyped(event.currentTarget.value)} />
        </label>
        <SortMenu sort={sort} onSort={setSort} />
        <p class="table-count" aria-live="polite">
          {rows.matches === null ? '…' : counted(matches, 'row')}
        </p>
        {pinned > 0 && (
          <button type="button" class="quiet" onClick={clearPins}>
            Clear {counted(pinned, 'pin')}
          </button>
        )}
      </div>
      <section
        class="row-scroller"
        ref={scroller}
        aria-label="List of rows"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be within reach of the keyboard
        tabIndex={0}
      >
        <table
          class="rows"
          style={{ '--columns': columns.value.length }}
          aria-label="Rows with their decisions"
          aria-rowcount={matches + 1}
        >
          <TableHead sort={sort} onSort={setSort} />
          <Space height={items[0]?.start ?? 0} />
          {items.map(({ index, key }) => (
            <tbody key={key} data-index={index} ref={virtualizer.measureElement}>
              <TableRowView
                row={rows.at(index)}
                place={index}
                open={open !== null && rows.at(index)?.row === open}
                onToggle={row => setOpen(open === row ? null : row)}
              />
            </tbody>
          ))}
          <Space height={virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0)} />
        </table>
      </section>
      {rows.matches === 0 && <p class="hint">No row matches.</p>}
      {matches > MOST && (
        <p class="hint">
          The first {count(MOST)} of them are listed. Search, or show fewer, to reach the others.
        </p>
      )}
      <p class="hint">
        Rows are counted from 0, as they stand in the file. A row that you keep is kept before all others, one
        that you drop is left out; {count(summary.counts.kept)} are kept now.
      </p>
    </>
  )
}

/** In the place of the rows that are not in view. */
function Space({ height }: { readonly height: number }) {
  return (
    <tbody aria-hidden="true" class="space">
      <tr style={{ height: `${height}px` }} />
    </tbody>
  )
}
