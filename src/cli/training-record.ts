import {
  type DataEvent,
  evaluationRecord,
  type Manifest,
  metricsLines,
  type RunComparison,
  type TrainingConfig,
  type TrainingEvent,
  trainingReport,
} from '../index'
import type { MetricsFile } from './metrics-file'
import type { TrainArguments } from './train-arguments'
import { comparisonText } from './training-text'

/** What a run tells as it goes, for its files. */
export class TrainingRecord {
  #data: DataEvent | null = null
  #comparison: RunComparison | null = null
  readonly #steps: Readonly<Record<string, number>>[] = []

  constructor(
    private readonly metrics: MetricsFile,
    private readonly config: TrainingConfig,
  ) {}

  async take(event: TrainingEvent): Promise<void> {
    const { metrics } = this
    if (event.kind === 'data') this.#data = event
    if (event.kind === 'done') this.#comparison = event.comparison
    if (event.kind === 'step') this.#steps.push(event.step)
    if (event.kind === 'evaluation') this.#steps.push(evaluationRecord(event))
    if (event.kind === 'checkpoint' && event.how === 'resumed')
      this.#steps.push(...metrics.keep(event.round, event.step))
    // From the first step on a resumed run is past its checkpoint.
    if (event.kind === 'step' || (event.kind === 'evaluation' && event.step > 0)) await metrics.flush()
    for (const line of metricsLines(event, this.config)) await metrics.write(line)
  }

  /** The run as one page of HTML. */
  report({
    args,
    model,
    device,
    seconds,
    finished,
  }: {
    readonly args: TrainArguments
    readonly model: Manifest['model']
    readonly device: string
    readonly seconds: number
    readonly finished: boolean
  }): string {
    const [data, comparison] = [this.#data, this.#comparison]
    return trainingReport({
      ...{ model: model?.name ?? '', device, seconds, date: new Date(), stopped: !finished },
      ...(args.recipe ? { recipe: `${args.recipe.name}, ${args.recipe.variant}` } : {}),
      ...(args.adapter === null ? {} : { adapter: args.adapter }),
      steps: this.#steps,
      options: { ...this.config },
      ...(data ? { data: reported(args.data.path, data) } : {}),
      ...(comparison ? { comparison } : {}),
    })
  }

  /** Before and after as text. */
  summary(): string {
    return this.#comparison ? comparisonText(this.#comparison) : ''
  }
}

/** What a report tells of the data. */
const reported = (name: string, { data: { report, heldOut }, example }: DataEvent) => ({
  ...{ name, report, example },
  heldOut: heldOut.length,
})
