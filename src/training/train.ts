import { counterHash } from '../losses/draw'
import type { PreferenceLoss } from '../losses/loss'
import { answerLogProbs } from './answer-log-probs'
import type { EncodedPair } from './encode-pairs'
import { NonFiniteError, TrainingError } from './errors'
import type { LoraAdapter } from './lora-adapter'
import { microBatch, type PairLogProbs } from './micro-batch'
import type { AdamWOptions } from './optimizer'
import { PreferenceStepper, type StepResult } from './preference-stepper'
import { linearSchedule, type Schedule } from './schedule'

export interface TrainOptions extends AdamWOptions {
  readonly loss: PreferenceLoss
  /** Peak learning rate. */
  readonly learningRate?: number
  readonly schedule?: Schedule
  readonly epochs?: number
  /** Stops after this many optimizer steps; the schedule is laid out over them. */
  readonly maxSteps?: number
  /** Pairs of one forward and backward pass. */
  readonly batchSize?: number
  /** Forward and backward passes of one optimizer step. */
  readonly accumulation?: number
  /** Computes each layer again in the backward pass: a third more work, and only one layer's activations at a time. */
  readonly recompute?: boolean
  /** Orders the pairs, and draws the tokens where the loss draws any. */
  readonly seed?: number
  /** Log-probs of the reference model, pair by pair. Default: computed with the adapter off. */
  readonly references?: readonly PairLogProbs[]
  readonly signal?: AbortSignal
  /** Progress of the reference pass, in pairs. */
  readonly onReference?: (done: number, total: number) => void
}

/** One optimizer step, under the names that TRL logs. Rewards are β times summed log-ratios over all answer tokens. */
export interface TrainStep {
  /** From 1. */
  readonly step: number
  readonly totalSteps: number
  /** Epochs done after this step. */
  readonly epoch: number
  readonly loss: number
  /** Before clipping. */
  readonly grad_norm: number
  readonly learning_rate: number
  /** Tokens seen so far, prompts and answers. */
  readonly num_tokens: number
  readonly 'rewards/chosen': number
  readonly 'rewards/rejected': number
  /** Share of the pairs whose chosen answer has the higher reward. */
  readonly 'rewards/accuracies': number
  readonly 'rewards/margins': number
  /** Mean of the summed log-probs, in nats. */
  readonly 'logps/chosen': number
  readonly 'logps/rejected': number
  /** Mean margin that the loss saw: of the tokens it counts. Differs from `rewards/margins` where tokens are drawn. */
  readonly 'loss/margins': number
}

/** Steps encoded ahead of the one whose results are awaited. */
const QUEUE_DEPTH = 2

/** How many optimizer steps `train` will take. */
export function countSteps(
  pairs: number,
  { epochs = 1, maxSteps, batchSize = 4, accumulation = 1 }: Partial<TrainOptions>,
): number {
  return Math.min(
    epochs * Math.ceil(pairs / (batchSize * accumulation)),
    maxSteps ?? Number.POSITIVE_INFINITY,
  )
}

/**
 * Trains an adapter on preference pairs, one optimizer step at a time, and yields each step's metrics two steps
 * late: the GPU is never waited for in between. A step's loss is the mean over its pairs, however they are split into
 * passes. Stopping early (`break`, `signal`) leaves the adapter as the last encoded step made it.
 *
 * @throws {TrainingError} for options out of range, no pair, or a pair longer than the model's context
 * @throws {NonFiniteError} naming the pairs of the step whose loss or gradient was not finite; that step changed nothing
 * @throws the signal's reason when it is aborted
 */
export async function* train(
  adapter: LoraAdapter,
  pairs: readonly EncodedPair[],
  options: TrainOptions,
): AsyncGenerator<TrainStep, void, undefined> {
  const { loss, learningRate = 1e-4, schedule = linearSchedule(), seed = 0, signal, onReference } = options
  const { batchSize = 4, accumulation = 1, epochs = 1, maxSteps } = options
  checkOptions(
    { batchSize, accumulation, epochs, ...(maxSteps === undefined ? {} : { maxSteps }) },
    learningRate,
  )
  checkPairs(pairs, adapter.network.maxPositions)
  const references =
    options.references ??
    (await answerLogProbs(adapter.network, pairs, {
      ...(signal ? { signal } : {}),
      ...(onReference ? { onProgress: onReference } : {}),
    }))
  if (references.length !== pairs.length) {
    throw new TrainingError(`${references.length} reference log-probs for ${pairs.length} pairs`)
  }

  // What the reference pass needed is not needed again.
  adapter.gpu.trim()

  const totalSteps = countSteps(pairs.length, options)
  const stepsPerEpoch = Math.ceil(pairs.length / (batchSize * accumulation))
  using stepper = new PreferenceStepper(adapter, loss, { ...options, pairs: batchSize, accumulation })
  const queue: (() => Promise<TrainStep>)[] = []
  let tokens = 0
  for (let step = 0; step < totalSteps; step++) {
    signal?.throwIfAborted()
    const epoch = Math.floor(step / stepsPerEpoch)
    const order = shuffled(pairs.length, seed, epoch)
    const begin = (step % stepsPerEpoch) * batchSize * accumulation
    const chosen = order.slice(begin, begin + batchSize * accumulation)
    const batches = Array.from({ length: Math.ceil(chosen.length / batchSize) }, (_, k) => {
      const part = chosen.slice(k * batchSize, (k + 1) * batchSize)
      return microBatch(
        part.map(i => pairs[i]!),
        part.map(i => references[i]!),
        loss,
        { seed, epoch },
      )
    })
    tokens += batches.reduce((sum, batch) => sum + batch.tokens, 0)
    const rate = learningRate * schedule(step, totalSteps)
    const result = stepper.step(batches, rate)
    // The result is awaited later; until then its rejection must not count as unhandled.
    result.catch(() => {})
    const place = { step: step + 1, totalSteps, epoch: Math.min(epochs, (step + 1) / stepsPerEpoch) }
    const seen = tokens
    queue.push(async () =>
      report(
        await result,
        { ...place, learning_rate: rate, num_tokens: seen },
        loss.beta,
        batches.flatMap(b => b.pairs),
      ),
    )
    if (queue.length > QUEUE_DEPTH) yield await queue.shift()!()
  }
  for (const late of queue) yield await late()
}

function report(
  { pairs, gradNorm }: StepResult,
  place: Pick<TrainStep, 'step' | 'totalSteps' | 'epoch' | 'learning_rate' | 'num_tokens'>,
  beta: number,
  examples: readonly EncodedPair[],
): TrainStep {
  const mean = (value: (pair: StepResult['pairs'][number]) => number) =>
    pairs.reduce((sum, pair) => sum + value(pair), 0) / pairs.length
  const loss = mean(p => p.loss)
  if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
    const culprits = examples.filter((_, n) => !Number.isFinite(pairs[n]!.loss))
    const named = (culprits.length > 0 ? culprits : examples).map(({ index }) => index).join(', ')
    throw new NonFiniteError(
      `step ${place.step}: loss ${loss}, gradient norm ${gradNorm}, at pairs ${named} of the file. Lower the learning rate, or remove them`,
    )
  }
  return {
    ...place,
    loss,
    grad_norm: gradNorm,
    'rewards/chosen': beta * mean(p => p.ratioChosen),
    'rewards/rejected': beta * mean(p => p.ratioRejected),
    'rewards/accuracies': mean(p => (p.ratioChosen > p.ratioRejected ? 1 : 0)),
    'rewards/margins': beta * mean(p => p.ratioChosen - p.ratioRejected),
    'logps/chosen': mean(p => p.logpChosen),
    'logps/rejected': mean(p => p.logpRejected),
    'loss/margins': mean(p => p.h),
  }
}

/** 0 … n − 1 in an order that depends on seed and epoch alone. */
function shuffled(n: number, seed: number, epoch: number): number[] {
  const keys = Array.from({ length: n }, (_, i) => counterHash(seed, epoch, i, 0x5eed))
  return keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b)
}

function checkPairs(pairs: readonly EncodedPair[], maxPositions: number): void {
  if (pairs.length === 0) throw new TrainingError('there is no pair to train on')
  for (const { index, chosen, rejected } of pairs) {
    const tokens = Math.max(chosen.ids.length, rejected.ids.length)
    if (tokens <= maxPositions) continue
    throw new TrainingError(
      `pair ${index} of the file has ${tokens} tokens, the model's context is ${maxPositions}. Encode pairs with this maxLength`,
    )
  }
}

function checkOptions(counts: Record<string, number>, learningRate: number): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1)
      throw new TrainingError(`${name} is ${value}, expected a positive integer`)
  }
  if (!(learningRate > 0) || !Number.isFinite(learningRate)) {
    throw new TrainingError(`learningRate is ${learningRate}, expected a positive number`)
  }
}
