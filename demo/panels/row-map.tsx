import { useEffect, useMemo, useState } from 'preact/hooks'
import { DecisionChip } from '../parts/decision-chip'
import { count, fixed } from '../parts/format'
import { PinButtons } from '../parts/pin-buttons'
import { type ColoredBy, pointColors } from '../parts/point-colors'
import { useDark } from '../parts/use-dark'
import { mapState, tableRows } from '../row-actions'
import type { MapState, RowMap, SelectionSummary, TableRow } from '../row-protocol'
import { MapCanvas } from './map-canvas'
import { MapWords } from './map-words'
import { RowText } from './row-text'

/** The map with its legend, and the row that is pointed at or opened. */
export default function RowMapView(props: { readonly map: RowMap; readonly summary: SelectionSummary }) {
  const { map, summary } = props
  const [state, setState] = useState<MapState | null>(null)
  const [by, setBy] = useState<ColoredBy>('decision')
  const [marked, setMarked] = useState<number | null>(null)
  const [opened, setOpened] = useState<number | null>(null)
  const dark = useDark()
  useEffect(() => {
    let current = true
    void mapState(map.rows).then(found => {
      if (current) setState(found)
    })
    return () => {
      current = false
    }
  }, [map, summary])
  const painted = useMemo(() => (state ? pointColors(map, state, by) : null), [map, state, by, dark])
  const pointed = useRow(marked === null ? null : map.rows[marked]!, summary)
  const row = useRow(opened, summary)
  if (!state || !painted) return <p class="muted">Loading…</p>
  return (
    <>
      <div class="map-tools">
        <label>
          <span>Colour</span>
          <select value={by} onChange={event => setBy(event.currentTarget.value as ColoredBy)}>
            <option value="decision">by decision</option>
            <option value="score">by score</option>
            {map.groupField !== null && <option value="source">by “{map.groupField}”</option>}
          </select>
        </label>
        <ul class="map-legend">
          {painted.legend.map(({ label, color }) => (
            <li key={label}>
              <span class="dot" style={{ background: `#${color.toString(16).padStart(6, '0')}` }} />
              {label}
            </li>
          ))}
          {by !== 'decision' && (
            <li>
              <span class="dot rim" />
              with a rim: kept
            </li>
          )}
        </ul>
      </div>
      <MapCanvas
        map={map}
        state={state}
        colors={painted.colors}
        label={`Map of ${count(map.rows.length)} rows, of which ${count(summary.counts.kept)} are kept. Arrow keys go from point to point, Enter opens the row, plus and minus magnify and reduce.`}
        marked={marked}
        onPoint={setMarked}
        onOpen={place => setOpened(map.rows[place]!)}
      />
      <p class="map-pointed" role="status">
        {pointed ? (
          <>
            <DecisionChip row={pointed} /> <b>Row {pointed.row}</b> {pointed.excerpt}
          </>
        ) : (
          <span class="muted">Point at a dot to read its row, click to open it.</span>
        )}
      </p>
      {row && (
        <section class="map-row" aria-label={`Row ${row.row}`}>
          <div class="text-card-title">
            <h4>Row {row.row}</h4>
            <DecisionChip row={row} />
            <span class="muted">
              score {fixed(row.score, 2)} · {row.reason}
            </span>
            <PinButtons row={row.row} />
          </div>
          <RowText row={row} />
        </section>
      )}
      <details>
        <summary>The map in words</summary>
        <MapWords map={map} state={state} onOpen={setOpened} />
      </details>
    </>
  )
}

/** A row as the present selection decides on it, once the worker has given it. */
function useRow(index: number | null, summary: SelectionSummary): TableRow | null {
  const [row, setRow] = useState<TableRow | null>(null)
  useEffect(() => {
    if (index === null) return setRow(null)
    let current = true
    void tableRows([index]).then(([found]) => {
      if (current) setRow(found ?? null)
    })
    return () => {
      current = false
    }
  }, [index, summary])
  return row
}
