import type { Signal } from '@preact/signals'
import { extent } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { type Chart, type ChartPoint, type ChartSeries, thinned } from '../../src/index'
import { valueAt } from './chart-data'
import { ChartReader } from './chart-reader'
import { short } from './format'

const [WIDTH, HEIGHT] = [320, 170]
const margin = { top: 10, right: 12, bottom: 26, left: 48 }

/** Lines over the steps of a training, and points for what is measured on the way. */
export function LineChart(props: {
  readonly chart: Chart
  /** The first and the last step that there will be. */
  readonly range: readonly [first: number, last: number]
  /** Steps after which a round ended. */
  readonly marks: readonly number[]
  /** The step that is looked at, which all charts share. */
  readonly cursor: Signal<number | null>
}) {
  const { chart, range, marks, cursor } = props
  const { title, unit, series, include } = chart
  const [low = 0, high = 1] = extent([...series.flatMap(valuesOf), ...include])
  const [first, end] = [range[0], Math.max(range[0] + 1, range[1])]
  const x = scaleLinear([first, end], [margin.left, WIDTH - margin.right])
  // A line that hardly changes is not blown up to fill the height. Learning rates are small.
  const least = title === 'Learning rate' ? 1e-12 : Math.max(1e-3, 0.02 * Math.abs(high))
  const pad = Math.max(0, least - (high - low)) / 2
  const y = scaleLinear([low - pad, high + pad], [HEIGHT - margin.bottom, margin.top])
  y.nice(4)
  const ticks = x.ticks(Math.min(5, Math.max(2, end - first + 1))).filter(Number.isInteger)
  const last = Math.max(first, ...series.flatMap(({ points }) => points.at(-1)?.step ?? []))
  const at = cursor.value
  const told = ({ points }: ChartSeries) =>
    short(at === null ? (points.at(-1)?.value ?? null) : valueAt(points, at))
  const words = series.map(one => `${one.label} ${told(one)}`).join(', ')
  const classes = classesOf(series)
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">
          {title} {unit !== '' && <span class="chart-unit">in {unit}</span>}
        </span>
        <span class="chart-legend">
          {series.map((one, k) => (
            <span key={one.label} class={`legend ${classes[k]}`}>
              {series.length > 1 && (
                <>
                  <span class="legend-mark" aria-hidden="true" />
                  {one.label}{' '}
                </>
              )}
              <b>{told(one)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div class="chart-plot">
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="img"
          aria-label={`${title} after step ${last}: ${words}`}
        >
          {y.ticks(4).map(tick => (
            <g key={tick}>
              <line class="grid" x1={margin.left} x2={WIDTH - margin.right} y1={y(tick)} y2={y(tick)} />
              <text class="tick" x={margin.left - 6} y={y(tick) + 3.5} text-anchor="end">
                {tickText(tick)}
              </text>
            </g>
          ))}
          {ticks.map(step => (
            <text key={step} class="tick" x={x(step)} y={HEIGHT - margin.bottom + 16} text-anchor="middle">
              {step}
            </text>
          ))}
          {marks.map(step => (
            <line key={step} class="mark" {...upright(x(step))} />
          ))}
          {at !== null && <line class="cursor" {...upright(x(at))} />}
          {series.map((one, k) => (
            <g key={one.label} class={classes[k]}>
              <Drawn series={one} x={x} y={y} />
            </g>
          ))}
        </svg>
        {last > first && (
          <ChartReader
            title={title}
            text={words}
            cursor={cursor}
            range={[first, last]}
            place={[x(first) / WIDTH, x(last) / WIDTH]}
          />
        )}
      </div>
    </figure>
  )
}

const valuesOf = ({ points }: ChartSeries) => points.map(({ value }) => value)

const upright = (x: number) => ({ x1: x, x2: x, y1: margin.top, y2: HEIGHT - margin.bottom })

const isMeasured = ({ label }: ChartSeries) => label.endsWith('held out')

function Drawn(props: {
  readonly series: ChartSeries
  readonly x: (step: number) => number
  readonly y: (value: number) => number
}) {
  const { series, x, y } = props
  const { points } = series
  if (isMeasured(series))
    return (
      <>
        {points.map(({ step, value }) => (
          <circle key={step} class="point" cx={x(step)} cy={y(value)} r="3.5" />
        ))}
      </>
    )
  const path = line<ChartPoint>(
    ({ step }) => x(step),
    ({ value }) => y(value),
  ).digits(1)
  const end = points.at(-1)
  return (
    <>
      <path class="line" d={path([...thinned(points)]) ?? ''} fill="none" />
      {end && <circle class="dot" cx={x(end.step)} cy={y(end.value)} r="3" />}
    </>
  )
}

/** What is measured on the way has the colour of the line that it belongs to. */
function classesOf(series: readonly ChartSeries[]): string[] {
  const lines = series.filter(one => !isMeasured(one))
  return series.map(one => {
    if (!isMeasured(one)) return `series-${lines.indexOf(one)}`
    const own = lines.findIndex(({ label }) => one.label === `${label}, held out`)
    return `series-${Math.max(0, own)} measured`
  })
}

/** Ticks are round numbers: what is left of their last digits is rounding. */
const tickText = (tick: number): string =>
  short(Number(tick.toPrecision(6)))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
