import { DecisionChip } from '../parts/decision-chip'
import { count, fixed } from '../parts/format'
import { PinButtons } from '../parts/pin-buttons'
import type { TableRow } from '../row-protocol'
import { columns } from '../state'
import { RowText } from './row-text'

/** One row of the table; its whole text below it when it is open. */
export function TableRowView(props: {
  /** `null` while it is on its way. */
  readonly row: TableRow | null
  readonly place: number
  readonly open: boolean
  readonly onToggle: (row: number) => void
}) {
  const { row, place, open, onToggle } = props
  const span = columns.value.length + 3
  if (!row)
    return (
      <tr class="waiting" aria-rowindex={place + 2}>
        <td colSpan={span} />
      </tr>
    )
  const id = `row-${row.row}`
  return (
    <>
      <tr class={open ? 'open' : ''} aria-rowindex={place + 2}>
        <td class="decision">
          <DecisionChip row={row} />
        </td>
        {columns.value.map(({ key }) => (
          <td class={`number ${key === 'score' ? 'score' : 'wide'}`} key={key}>
            {value(key, row.values[key] ?? null)}
          </td>
        ))}
        <td class="excerpt">
          <button
            type="button"
            class="row-toggle"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => onToggle(row.row)}
          >
            <span class="row-number">{row.row}</span>
            <span class="row-excerpt">{row.excerpt || '(empty)'}</span>
          </button>
          <p class="reason" title={row.reason}>
            {row.reason}
            {row.truncated && '; its text was cut to fit the scorer'}
          </p>
        </td>
        <td class="pin-cell">{row.decision !== 'unreadable' && <PinButtons row={row.row} />}</td>
      </tr>
      {open && (
        <tr class="detail" id={id}>
          <td colSpan={span}>
            <RowText row={row} />
          </td>
        </tr>
      )}
    </>
  )
}

const value = (key: string, number: number | null) =>
  key === 'length' && number !== null ? count(number) : fixed(number, 2)
