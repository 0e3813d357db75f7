import type { Turn } from '../data/row'
import { type Answer, answerPrompts } from '../evaluation/answers'
import type { EvaluatedRun } from '../evaluation/compare-runs'
import type { Loss } from '../losses/loss'
import type { Model } from '../models/load-model'
import type { Missing } from '../scoring/score'
import { evaluateLoss } from '../training/evaluate-loss'
import type { Example, ExampleOf } from '../training/examples'
import type { Metrics } from '../training/metrics'
import { type ReferenceSource, type References, startingLogProbs, usesReference } from '../training/reference'
import type { Trainable } from '../training/trainable'

/** What is measured of a run, before it, on its way and after it. */
export interface EvaluationSet {
  /** The model with the template that it is trained with. */
  readonly model: Model
  readonly loss: Loss
  readonly examples: readonly Example[]
  /** Conversations that it answers. */
  readonly prompts: readonly (readonly Turn[])[]
  /** Tokens of an answer at most. */
  readonly maxTokens: number
  readonly seed: number
  /** Of the examples, where the loss compares with the model as it is at the start. */
  readonly references: References | null
  /** What it compares with otherwise. */
  readonly reference: Exclude<ReferenceSource, string> | null
}

export interface EvaluationProgress {
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Log-probs that an evaluation compares with: null where the loss needs none, or computes them itself.
 *
 * @throws the signal's reason when it is aborted
 */
export async function startingReferences(
  { network, map }: Pick<Trainable, 'network' | 'map'>,
  loss: Loss,
  examples: readonly Example[],
  reference: ReferenceSource | undefined,
  { signal, onProgress }: EvaluationProgress,
): Promise<References | null> {
  const isOther = typeof reference === 'object'
  if (!usesReference(loss) || isOther || (loss.kind === 'labelled' && loss.kl)) return null
  // A live reference is the model without its adapter, also where that has been trained before.
  const compared = { network, map: reference === 'live' ? null : map }
  return startingLogProbs(compared, examples, {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
}

/**
 * Measures what is trained, as it is now. Metrics are those of `evaluateLoss`, and the perplexity of the trained tokens
 * for supervised training. A loss that compares with a copy of all weights and keeps no log-probs of it has none.
 *
 * @throws the signal's reason when it is aborted
 */
export async function evaluateTraining(
  name: string,
  { map }: Pick<Trainable, 'map'>,
  set: EvaluationSet,
  { signal, onProgress }: EvaluationProgress = {},
): Promise<EvaluatedRun> {
  const { model, loss, examples, prompts, maxTokens, seed, references, reference } = set
  const abort = signal ? { signal } : {}
  const all = examples.length + prompts.length
  const needsCopy = map === null && references === null && reference === null && usesReference(loss)
  const metrics = needsCopy
    ? {}
    : await evaluateLoss(model.network, examples as readonly ExampleOf<Loss>[], {
        ...{ loss, adapter: map, seed, ...abort },
        ...(references ? { references } : {}),
        ...(reference ? { reference } : {}),
        onProgress: done => onProgress?.(done, all),
      })
  const answers: (Answer | Missing)[] = await answerPrompts(model, prompts, {
    ...{ adapter: map, maxTokens, ...abort },
    onAnswer: done => onProgress?.(examples.length + done, all),
  })
  return { name, metrics: { ...metrics, ...perplexity(loss, metrics) }, answers }
}

const perplexity = ({ terms }: Loss, { loss }: Metrics): Metrics =>
  terms.length === 1 && terms[0]!.name === 'nll' && loss !== undefined ? { perplexity: Math.exp(loss) } : {}
