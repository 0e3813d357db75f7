import type { Loss } from '../losses/loss'
import { roundedSize } from '../models/answer-batch'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import { TrainingError } from './errors'
import { type EncodedLabelled, type Example, type ExampleOf, exampleTokens } from './examples'
import { type Metrics, metricsOf } from './metrics'
import { mismatched } from './mismatch-program'
import {
  checkReferences,
  openReference,
  type ReferenceSource,
  type References,
  usesReference,
} from './reference'
import { layOutExamples } from './train-plan'
import { type StepResult, TrainingStepper } from './training-stepper'

export interface EvaluateLossOptions<L extends Loss = Loss> {
  readonly loss: L
  /** What is evaluated: the network with this adapter, or as it is. */
  readonly adapter?: LoraMap | null
  /** Reference log-probs, example by example. */
  readonly references?: References
  /** Where they come from otherwise. Default: the network with the adapter off. */
  readonly reference?: Exclude<ReferenceSource, 'cached' | 'copy'>
  /** Tokens of one forward pass; a longer example goes alone. */
  readonly batchTokens?: number
  /** Draws the tokens, where the loss draws any: the same at each evaluation. */
  readonly seed?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** An epoch that no training reaches: evaluation has draws of its own. */
const EVALUATION_EPOCH = 0xffffffff

/**
 * The loss over held-out examples and its metrics, under the names of `metricsOf`, without a gradient. Rewards, log-probs
 * and lengths are over all answer tokens, also where the loss draws some; the draws are the same each time. A loss that
 * compares examples with each other sees those of one pass.
 *
 * @throws {TrainingError} without an example, without an adapter where the loss needs a reference that is not given, and
 *   for references that the loss does not use, or that are not those of the examples
 * @throws the signal's reason when it is aborted
 */
export async function evaluateLoss<L extends Loss>(
  network: CausalNetwork,
  examples: readonly ExampleOf<L>[],
  options: EvaluateLossOptions<L>,
): Promise<Metrics> {
  const {
    loss,
    adapter = null,
    references = null,
    batchTokens = 4096,
    seed = 0,
    signal,
    onProgress,
  } = options
  if (examples.length === 0) throw new TrainingError('there is nothing to evaluate on')
  if (references) checkGiven(loss, examples, references)
  const needsLive = usesReference(loss) && !references
  const stepped = { gpu: network.gpu, network, map: adapter, parameters: [], trainsEmbedding: false }
  using reference = needsLive ? openReference(stepped, options.reference ?? 'live', null) : null
  using stepper = new TrainingStepper(stepped, {
    ...{ loss, live: reference?.live ?? null, recompute: false, dropout: 0, noise: 0, optimizer: null },
  })
  const results: StepResult[] = []
  for (const places of grouped(examples, batchTokens)) {
    signal?.throwIfAborted()
    const part = places.map(i => examples[i]!)
    const given = references && (places.map(i => references[i]!) as References)
    const batch = layOutExamples(loss, part, given, { seed, epoch: EVALUATION_EPOCH, report: 'all' })
    const swapped =
      loss.kind === 'labelled' && loss.kl
        ? [mismatched(withOther(part as readonly EncodedLabelled[], examples), network.maxPositions)]
        : null
    const mine = swapped && [swapped[0]!.slice(0, part.length)]
    results.push(await stepper.step([batch], { learningRate: 0, seed, mismatched: mine }))
    onProgress?.(places.at(-1)! + 1, examples.length)
  }
  return metricsOf(loss, joined(loss, results))
}

/** That references which are given count, and are those of the examples. */
function checkGiven(loss: Loss, examples: readonly Example[], references: References): void {
  if (!usesReference(loss))
    throw new TrainingError(`${loss.name} needs no reference model, but log-probs of one are given`)
  if (loss.kind === 'labelled' && loss.kl)
    throw new TrainingError(
      `${loss.name} compares answers with prompts that are not theirs, of which no log-probs are given: leave out references`,
    )
  checkReferences(examples, references)
}

/** An answer that is evaluated alone is compared with the first other one. */
function withOther(part: readonly EncodedLabelled[], all: readonly Example[]): readonly EncodedLabelled[] {
  if (part.length > 1) return part
  const other = (all as readonly EncodedLabelled[]).find(example => example !== part[0])
  if (!other) throw new TrainingError('a loss that compares answers with other prompts needs at least two')
  return [...part, other]
}

/** Neighbouring examples whose tokens together stay within `batchTokens`. */
function* grouped(examples: readonly Example[], batchTokens: number): Generator<number[]> {
  let group: number[] = []
  let tokens = 0
  for (const [i, example] of examples.entries()) {
    const more = exampleTokens(example)
    if (group.length > 0 && roundedSize(tokens + more) > batchTokens) {
      yield group
      group = []
      tokens = 0
    }
    group.push(i)
    tokens += more
  }
  yield group
}

/** Results of several passes as those of one: means weighted by what they are over. */
function joined({ terms }: Loss, results: readonly StepResult[]): StepResult {
  const batches = results.flatMap(result => result.batches)
  const weighted = (value: (result: StepResult) => number, count: (result: StepResult) => number) => {
    const total = results.reduce((sum, result) => sum + count(result), 0)
    return total === 0 ? 0 : results.reduce((sum, result) => sum + value(result) * count(result), 0) / total
  }
  const counted = (k: number) => (result: StepResult) =>
    result.batches.reduce((sum, { batch }) => sum + batch.terms[k]!.count, 0)
  const examples = (result: StepResult) =>
    result.batches.reduce((sum, { batch }) => sum + batch.indices.length, 0)
  return {
    batches,
    terms: terms.map((_, k) => weighted(result => result.terms[k]!, counted(k))),
    gradNorm: 0,
    kl: results[0]!.kl === null ? null : weighted(result => result.kl!, examples),
  }
}
