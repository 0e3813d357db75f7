import {
  type DataEvent,
  type Manifest,
  type RunComparison,
  type TrainingConfig,
  type TrainingEvent,
  trainingReport,
} from '../index'
import type { MetricsFile, MetricsLine } from './metrics-file'
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
    switch (event.kind) {
      case 'data':
        this.#data = event
        for (const { index, cause, reason } of event.data.dropped)
          await metrics.write({ dropped: index, cause, reason })
        return
      case 'evaluation':
        if (event.step > 0) await metrics.flush()
        return metrics.write(
          this.#line(event.round, { evaluation: event.run.name, step: event.step, ...event.run.metrics }),
        )
      case 'round':
        await metrics.write({ round: event.round, examples: event.examples })
        for (const { index, cause, reason } of event.dropped)
          await metrics.write({ round: event.round, dropped: index, cause, reason })
        return
      case 'step':
        await metrics.flush()
        this.#steps.push(event.step)
        return metrics.write(this.#line(event.round, event.step))
      case 'checkpoint':
        if (event.how === 'resumed') this.#steps.push(...metrics.keep(event.round, event.step))
        return
      case 'damaged':
        return
      case 'done':
        this.#comparison = event.comparison
    }
  }

  /** Rounds are named where there are several. */
  #line(round: number, line: MetricsLine): MetricsLine {
    return this.config.rounds === undefined ? line : { round, ...line }
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
      ...(data ? { data: { name: args.data.path, report: data.data.report, example: data.example } } : {}),
      ...(comparison ? { comparison } : {}),
    })
  }

  /** Before and after as text. */
  summary(): string {
    return this.#comparison ? comparisonText(this.#comparison) : ''
  }
}
