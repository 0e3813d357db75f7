import { extent } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { type Chart, type ChartPoint, tableSteps, thinned } from './report-charts'
import { short } from './report-numbers'

const [WIDTH, HEIGHT] = [360, 190]
const margin = { top: 10, right: 12, bottom: 34, left: 52 }

/** A chart as a picture, with its numbers as a table behind it. */
export function ReportChart({ chart }: { readonly chart: Chart }) {
  const { title, unit, series, include } = chart
  const points = series.flatMap(one => one.points)
  const [first = 1, last = 2] = extent(points, ({ step }) => step)
  const [low = 0, high = 1] = extent([...points.map(({ value }) => value), ...include])
  const x = scaleLinear([first, Math.max(first + 1, last)], [margin.left, WIDTH - margin.right])
  // A line that never changes would have no height.
  const pad = high > low ? 0 : Math.max(Math.abs(high) / 10, 1e-6)
  const y = scaleLinear([low - pad, high + pad], [HEIGHT - margin.bottom, margin.top]).nice(4)
  const path = line<ChartPoint>(
    ({ step }) => x(step),
    ({ value }) => y(value),
  ).digits(1)
  const steps = x.ticks(5).filter(Number.isInteger)
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        {unit !== '' && <span class="chart-unit"> in {unit}</span>}
        <span class="chart-legend">
          {series.map(({ label, points }, k) => (
            <span key={label} class={`legend series-${k % 4}`}>
              {series.length > 1 && `${label} `}
              <b>{short(points.at(-1)!.value)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={inWords(chart)}>
        {y.ticks(4).map(tick => (
          <g key={tick}>
            <line class="grid" x1={margin.left} x2={WIDTH - margin.right} y1={y(tick)} y2={y(tick)} />
            <text class="tick" x={margin.left - 6} y={y(tick) + 3.5} text-anchor="end">
              {tickText(tick)}
            </text>
          </g>
        ))}
        {steps.map(step => (
          <text key={step} class="tick" x={x(step)} y={HEIGHT - margin.bottom + 15} text-anchor="middle">
            {short(step)}
          </text>
        ))}
        <text class="tick" x={WIDTH - margin.right} y={HEIGHT - 4} text-anchor="end">
          step
        </text>
        {series.map(({ label, points }, k) => (
          <g key={label} class={`series-${k % 4}`}>
            <path class="line" d={path([...thinned(points)]) ?? ''} fill="none" />
            <circle class="dot" cx={x(points.at(-1)!.step)} cy={y(points.at(-1)!.value)} r="3" />
          </g>
        ))}
      </svg>
      <ChartTable chart={chart} />
    </figure>
  )
}

function ChartTable({ chart }: { readonly chart: Chart }) {
  const { title, series } = chart
  const steps = tableSteps(chart)
  const all = new Set(series.flatMap(({ points }) => points.map(({ step }) => step))).size
  const byStep = series.map(({ points }) => new Map(points.map(({ step, value }) => [step, value])))
  return (
    <details>
      <summary>
        Numbers<span class="hidden"> of {title}</span>
      </summary>
      <div class="scroll">
        <table class="numbers">
          {steps.length < all && (
            <caption>
              {steps.length} of {all} steps
            </caption>
          )}
          <thead>
            <tr>
              <th scope="col">Step</th>
              {series.map(({ label }) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {steps.map(step => (
              <tr key={step}>
                <th scope="row">{short(step)}</th>
                {byStep.map((values, k) => (
                  <td key={series[k]!.label}>{short(values.get(step))}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

function inWords({ title, unit, series }: Chart): string {
  const lines = series.map(({ label, points }) => {
    const [from, to] = [points[0]!, points.at(-1)!]
    return `${label} from ${short(from.value)} at step ${short(from.step)} to ${short(to.value)} at step ${short(to.step)}`
  })
  return `${title}${unit === '' ? '' : ` in ${unit}`}: ${lines.join('; ')}`
}

/** Ticks are round numbers: what is left of their last digits is rounding. */
const tickText = (tick: number): string =>
  short(Number(tick.toPrecision(6)))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
