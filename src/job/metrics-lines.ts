import type { TrainingEvent } from './training-events'
import type { TrainingConfig } from './training-fields'

/** A line of `metrics.jsonl`. */
export type MetricsLine = Readonly<Record<string, unknown>>

/**
 * The lines of `metrics.jsonl` that an event gives: what was dropped and why, steps and evaluations under TRL's names (of
 * these with `eval_` before them), with the round where there are several. None for checkpoints, so that a resumed run gives what one gives that was left
 * alone.
 */
export function metricsLines(event: TrainingEvent, { rounds }: TrainingConfig): MetricsLine[] {
  const inRound = (round: number, line: MetricsLine) => (rounds === undefined ? line : { round, ...line })
  switch (event.kind) {
    case 'data':
      return event.data.dropped.map(({ index, cause, reason }) => ({ dropped: index, cause, reason }))
    case 'evaluation':
      return [inRound(event.round, { evaluation: event.run.name, ...evaluationRecord(event) })]
    case 'round':
      return [
        { round: event.round, examples: event.examples },
        ...event.dropped.map(({ index, cause, reason }) => ({
          ...{ round: event.round, dropped: index, cause, reason },
        })),
      ]
    case 'step':
      return [inRound(event.round, event.step)]
    default:
      return []
  }
}

/** An evaluation under TRL's names: `eval_loss` and the like. */
export const evaluationRecord = ({
  step,
  run,
}: Extract<TrainingEvent, { kind: 'evaluation' }>): Readonly<Record<string, number>> => ({
  step,
  ...Object.fromEntries(
    Object.entries(run.metrics).flatMap(([name, value]) => (value === null ? [] : [[`eval_${name}`, value]])),
  ),
})
