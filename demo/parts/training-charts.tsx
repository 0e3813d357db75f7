import type { TrainStep } from '../../src/index'
import { LineChart } from './line-chart'

/** Loss, reward margin and accuracy of each step. */
export function TrainingCharts({
  steps,
  length,
}: {
  readonly steps: readonly TrainStep[]
  readonly length: number
}) {
  const of = (key: string) => steps.map(step => step[key] ?? Number.NaN)
  return (
    <div class="charts">
      <LineChart
        title="Loss"
        length={length}
        series={[{ label: 'loss', values: of('loss') }]}
        include={[Math.LN2]}
      />
      <LineChart
        title="Reward margin"
        length={length}
        series={[{ label: 'margin', values: of('rewards/margins') }]}
        include={[0]}
      />
      <LineChart
        title="Accuracy"
        length={length}
        series={[{ label: 'accuracy', values: of('rewards/accuracies') }]}
        include={[0, 1]}
        digits={2}
      />
    </div>
  )
}
