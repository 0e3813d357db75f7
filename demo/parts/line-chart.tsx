import { extent } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { fixed } from './format'

const [WIDTH, HEIGHT] = [320, 170]
const margin = { top: 10, right: 12, bottom: 26, left: 44 }

export interface Series {
  readonly label: string
  readonly values: readonly number[]
}

/** Lines over the steps of a training. The same drawing serves the page and the report. */
export function LineChart(props: {
  readonly title: string
  readonly series: readonly Series[]
  /** Steps that will be there in the end. */
  readonly length: number
  /** Values that the vertical axis always shows. */
  readonly include?: readonly number[]
  readonly digits?: number
  /** Least height of the vertical axis, in its own unit. */
  readonly minSpan?: number
}) {
  const { title, series, length, include = [], digits = 3, minSpan = 0.02 } = props
  const values = series.flatMap(({ values }) => values)
  const [low = 0, high = 1] = extent([...values, ...include])
  const x = scaleLinear([1, Math.max(2, length)], [margin.left, WIDTH - margin.right])
  // Values that hardly differ are not blown up to fill the height.
  const pad = Math.max(0, minSpan - (high - low)) / 2
  const y = scaleLinear([low - pad, high + pad], [HEIGHT - margin.bottom, margin.top])
  y.nice(4)
  const path = line<number>((_, n) => x(n + 1), y)
  const steps = x.ticks(Math.min(5, Math.max(2, length))).filter(Number.isInteger)
  const last = series.map(({ label, values }) => `${label} ${fixed(values.at(-1) ?? null, digits)}`)
  const n = series[0]?.values.length ?? 0
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="chart-legend">
          {series.map(({ label, values }, k) => (
            <span key={label} class={`legend series-${k}`}>
              {series.length > 1 && `${label} `}
              <b>{fixed(values.at(-1) ?? null, digits)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title} after ${n} steps: ${last.join(', ')}`}
      >
        {y.ticks(4).map(tick => (
          <g key={tick}>
            <line class="grid" x1={margin.left} x2={WIDTH - margin.right} y1={y(tick)} y2={y(tick)} />
            <text class="tick" x={margin.left - 6} y={y(tick) + 3.5} text-anchor="end">
              {y.tickFormat(4)(tick)}
            </text>
          </g>
        ))}
        {steps.map(step => (
          <text key={step} class="tick" x={x(step)} y={HEIGHT - margin.bottom + 16} text-anchor="middle">
            {step}
          </text>
        ))}
        {series.map(({ label, values }, k) => (
          <g key={label} class={`series-${k}`}>
            <path class="line" d={path([...values]) ?? ''} fill="none" />
            {values.length > 0 && <circle class="dot" cx={x(values.length)} cy={y(values.at(-1)!)} r="3" />}
          </g>
        ))}
      </svg>
    </figure>
  )
}
