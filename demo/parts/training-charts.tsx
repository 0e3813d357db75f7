import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { type Chart, chartsOf } from '../../src/index'
import { recordsOf, type TimedEvaluation, type TimedStep } from './chart-data'
import { LineChart } from './line-chart'

/** Charts that are seen at once; the others are a click away. */
const SHOWN = 6
/** In this order, if there are any; others follow. */
const first = [
  'Loss',
  'Reward margin',
  'Reward accuracy',
  'Token accuracy',
  'Log-probability of answers',
  'Length of answers',
  'Learning rate',
  'Gradient norm',
  'Tokens per second',
]

/** What a training's metrics say, step by step; only what it has. */
export function TrainingCharts(props: {
  readonly steps: readonly TimedStep[]
  readonly evaluations: readonly TimedEvaluation[]
  /** The last step that there will be. */
  readonly length: number
  /** Whether what is measured is held out; else it is trained on. */
  readonly heldOut: boolean
  /** Steps after which a round ended. */
  readonly marks: readonly number[]
}) {
  const { steps, evaluations, length, heldOut, marks } = props
  const cursor = useSignal<number | null>(null)
  const charts = useMemo(
    () => [...chartsOf(recordsOf(steps, evaluations))].sort(inOrder),
    [steps, evaluations],
  )
  const begin = Math.min(steps[0]?.step ?? 1, evaluations[0]?.step ?? 1)
  const drawn = charts.map(chart => (
    <LineChart key={chart.title} chart={chart} range={[begin, length]} marks={marks} cursor={cursor} />
  ))
  if (charts.length === 0) return null
  return (
    <>
      <div class="charts">{drawn.slice(0, SHOWN)}</div>
      {drawn.length > SHOWN && (
        <details>
          <summary>{drawn.length - SHOWN} more charts</summary>
          <div class="charts">{drawn.slice(SHOWN)}</div>
        </details>
      )}
      <p class="hint">
        {cursor.value === null
          ? `Point at a chart, or use the arrow keys in it, to read a step. ${dots(heldOut)}`
          : `Step ${cursor.value}`}
      </p>
    </>
  )
}

const dots = (heldOut: boolean) =>
  heldOut
    ? 'Dots are of what is held out.'
    : 'Nothing is held out: the dots are of examples that are trained on.'

const inOrder = (a: Chart, b: Chart): number => rank(a) - rank(b)
const rank = ({ title }: Chart): number => (first.includes(title) ? first.indexOf(title) : first.length)
