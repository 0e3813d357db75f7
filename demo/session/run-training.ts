import {
  answerLogProbs,
  createAdapter,
  type EncodedPairs,
  EVALUATED_PAIRS,
  type Evaluation,
  evaluate,
  type JobOptions,
  type TrainStep,
  trainPairs,
} from '../../src/index'
import type { TrainingEvent } from '../protocol'
import type { Engine } from './engine'
import type { Trained } from './results'

/**
 * Trains a fresh adapter, which becomes the engine's. Stopped after its first step, it keeps the adapter as the last
 * step made it.
 *
 * @param baseModel the Hub's id of the model, for the adapter's configuration; null where it has none
 * @param begin gives the signal of a new part that can be cancelled
 * @throws the signal's reason when it is aborted before the first step's results are there
 */
export async function runTraining(
  engine: Engine,
  { pairs, dropped }: EncodedPairs,
  options: JobOptions,
  baseModel: string | null,
  begin: () => AbortSignal,
  onEvent: (event: TrainingEvent) => void,
): Promise<Trained> {
  const { model } = engine
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  const adapter = createAdapter(model, options)
  engine.adopt(adapter)
  const steps: TrainStep[] = []
  let measured: { readonly before: Evaluation; readonly after: Evaluation } | null = null
  const signal = begin()
  try {
    for await (const event of trainPairs(adapter, pairs, options, signal)) {
      if (event.kind === 'evaluation') measured = event
      else if (event.kind === 'reference') onEvent(event)
      else {
        steps.push(event.step)
        onEvent({ ...event, seconds: seconds() })
        if (event.step.step === event.step.totalSteps) onEvent({ kind: 'evaluating' })
      }
    }
  } catch (error) {
    if (!signal.aborted || steps.length === 0) {
      engine.adopt(null)
      throw error
    }
  }
  const last = steps.at(-1)!
  const stopped = last.step < last.totalSteps
  if (stopped) {
    onEvent({ kind: 'evaluating' })
    const again = begin()
    try {
      const some = pairs.slice(0, EVALUATED_PAIRS)
      const before = evaluate(await answerLogProbs(model.network, some, { signal: again }))
      const on = { adapter: adapter.map, signal: again }
      measured = { before, after: evaluate(await answerLogProbs(model.network, some, on)) }
    } catch (error) {
      if (!again.aborted) throw error
    }
  }
  const { before = null, after = null } = measured ?? {}
  const result = { steps, stopped, before, after, seconds: seconds() }
  return { options, dropped, result, adapter: await adapter.toPeft(baseModel) }
}
