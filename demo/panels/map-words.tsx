import { useEffect, useMemo, useState } from 'preact/hooks'
import { count } from '../parts/format'
import { tableRows } from '../row-actions'
import { decisionNames, type MapState, type RowMap, type TableRow } from '../row-protocol'

const KEPT = decisionNames.indexOf('kept')
const names = [
  'top left',
  'top',
  'top right',
  'left',
  'middle',
  'right',
  'bottom left',
  'bottom',
  'bottom right',
]

/** The map as a table: how many rows each part of it has, how many are kept, and the best of them. */
export function MapWords(props: {
  readonly map: RowMap
  readonly state: MapState
  readonly onOpen: (row: number) => void
}) {
  const { map, state, onOpen } = props
  const regions = useMemo(() => regionsOf(map, state), [map, state])
  const [best, setBest] = useState<readonly TableRow[]>([])
  useEffect(() => {
    let current = true
    void tableRows(regions.map(({ best }) => best)).then(rows => {
      if (current) setBest(rows)
    })
    return () => {
      current = false
    }
  }, [regions])
  return (
    <div class="scroll">
      <table class="numbers">
        <caption>The map in nine parts</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">Rows</th>
            <th scope="col">Kept</th>
            <th scope="col" class="start">
              Best row
            </th>
          </tr>
        </thead>
        <tbody>
          {regions.map(({ name, rows, kept, best: row }, n) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{count(rows)}</td>
              <td>{count(kept)}</td>
              <td class="start">
                <button type="button" class="link" onClick={() => onOpen(row)}>
                  Row {row}
                </button>{' '}
                {best[n]?.row === row && best[n].excerpt.slice(0, 70)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface Region {
  readonly name: string
  rows: number
  kept: number
  /** The row with the highest score. */
  best: number
  score: number
}

function regionsOf({ rows, x, y }: RowMap, { decisions, scores }: MapState): Region[] {
  const regions = names.map((name): Region => ({ name, rows: 0, kept: 0, best: -1, score: -Infinity }))
  const third = (value: number) => Math.min(2, Math.floor(3 * value))
  for (const [n, row] of rows.entries()) {
    const region = regions[3 * (2 - third(y[n]!)) + third(x[n]!)]!
    region.rows++
    if (decisions[n] === KEPT) region.kept++
    if (region.best !== -1 && !(scores[n]! > region.score)) continue
    region.best = row
    region.score = Number.isNaN(scores[n]!) ? -Infinity : scores[n]!
  }
  return regions.filter(({ rows }) => rows > 0)
}
