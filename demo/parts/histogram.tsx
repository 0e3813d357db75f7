import { max } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import type { Distribution } from '../row-protocol'
import { CutSlider } from './cut-slider'
import { count, fixed } from './format'

const [WIDTH, HEIGHT] = [320, 180]
const margin = { top: 20, right: 12, bottom: 26, left: 36 }

/** How a measure of the rows is spread, with the part that is kept, and the cut below which rows are left out. */
export function Histogram(props: {
  readonly distribution: Distribution
  /** `null` for none. */
  readonly cut: number | null
  /** Absent where the cut cannot be moved, as in the report. */
  readonly onCut?: (cut: number | null) => void
}) {
  const { distribution, cut, onCut } = props
  const { label, note, bins, mean, deviation, missing } = distribution
  const [first, last] = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1]
  const x = scaleLinear([first, last], [margin.left, WIDTH - margin.right])
  const y = scaleLinear([0, max(bins, bin => bin.count) || 1], [HEIGHT - margin.bottom, margin.top]).nice(3)
  const bar = (from: number, to: number, n: number) => ({
    x: x(from) + 0.5,
    width: Math.max(1, x(to) - x(from) - 1),
    y: y(n),
    height: y(0) - y(n),
  })
  const spread = `mean ${fixed(mean, 2)}, standard deviation ${fixed(deviation, 2)}`
  const total = bins.reduce((sum, bin) => sum + bin.count, 0)
  const kept = bins.reduce((sum, bin) => sum + bin.kept, 0)
  const at = cut === null ? null : x(Math.max(first, Math.min(cut, last)))
  const drawing = (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${label} of ${count(total)} rows, from ${fixed(first, 1)} to ${fixed(last, 1)}: ${spread}; ${count(kept)} are kept`}
    >
      {y
        .ticks(3)
        .filter(Number.isInteger)
        .map(tick => (
          <g key={tick}>
            <line class="grid" x1={margin.left} x2={WIDTH - margin.right} y1={y(tick)} y2={y(tick)} />
            <text class="tick" x={margin.left - 6} y={y(tick) + 3.5} text-anchor="end">
              {count(tick)}
            </text>
          </g>
        ))}
      {bins.map(({ from, to, count: all, kept }) => (
        <g key={from}>
          <title>
            {`${fixed(from, 2)} to ${fixed(to, 2)}: ${count(all)} rows${kept > 0 ? `, ${count(kept)} kept` : ''}`}
          </title>
          <rect class="bar" {...bar(from, to, all)} />
          <rect class="bar kept" {...bar(from, to, kept)} />
        </g>
      ))}
      {x.ticks(6).map(tick => (
        <text key={tick} class="tick" x={x(tick)} y={HEIGHT - margin.bottom + 16} text-anchor="middle">
          {tick}
        </text>
      ))}
      {at !== null && (
        <rect
          class="below-cut"
          x={margin.left}
          width={at - margin.left}
          y={margin.top}
          height={HEIGHT - margin.bottom - margin.top}
        />
      )}
    </svg>
  )
  return (
    <figure class="chart stacked">
      <figcaption>
        <span class="chart-title">{label}</span>
        {note && <span class="chart-legend">{note}</span>}
        <span class="chart-legend">
          {spread}
          {missing > 0 && `, ${count(missing)} missing`}
        </span>
      </figcaption>
      {onCut ? (
        <>
          <div class="with-cut">
            {drawing}
            <CutSlider
              label={`Least ${label.toLowerCase()}`}
              range={[first, last]}
              from={margin.left / WIDTH}
              to={1 - margin.right / WIDTH}
              cut={cut}
              onCut={onCut}
            />
          </div>
          <p class="cut-line hint">
            {cut === null ? (
              'Drag the handle to leave out rows below.'
            ) : (
              <>
                Rows below {fixed(cut, 2)} are left out.
                <button
                  type="button"
                  class="link"
                  aria-label={`Take the cut of ${label.toLowerCase()} away`}
                  onClick={() => onCut(null)}
                >
                  Reset
                </button>
              </>
            )}
          </p>
        </>
      ) : (
        drawing
      )}
    </figure>
  )
}
