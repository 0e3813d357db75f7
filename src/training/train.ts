import type { Tensor } from '../gpu/tensor'
import { counterHash } from '../losses/draw'
import type { Loss } from '../losses/loss'
import { adamW } from './adamw'
import { holdRun } from './checkpoint'
import { NonFiniteError, TrainingError } from './errors'
import { type EncodedLabelled, type Example, type ExampleOf, exampleTokens } from './examples'
import { KeptRun } from './kept-run'
import { type Metrics, metricsOf } from './metrics'
import { mismatched } from './mismatch-program'
import type { Optimizer } from './optimizer'
import { type OpenReference, openReference, type References, startingLogProbs } from './reference'
import { linearSchedule } from './schedule'
import { type CheckpointOptions, checkTraining, referenceSource, type TrainOptions } from './train-options'
import { layOutExamples, planTraining, type TrainPlan } from './train-plan'
import type { Trainable } from './trainable'
import { type StepResult, TrainingStepper } from './training-stepper'

export type { CheckpointOptions, TrainOptions }

/** One optimizer step: where it stands, and what it did under the names that TRL logs; see `metricsOf`. */
export interface TrainStep extends Metrics {
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
}

/** Steps encoded ahead of the one whose results are awaited. */
const QUEUE_DEPTH = 2

/** How many optimizer steps `train` will take over so many examples, or packs of them. */
export const countSteps = (
  units: number,
  { epochs = 1, maxSteps, batchSize = 4, accumulation = 1 }: Partial<TrainOptions>,
): number =>
  Math.min(epochs * Math.ceil(units / (batchSize * accumulation)), maxSteps ?? Number.POSITIVE_INFINITY)

/**
 * Trains an adapter, or a whole model, one optimizer step at a time, and yields each step's metrics two steps late: the
 * GPU is never waited for in between. A step's loss is a mean over its examples, or over their tokens, however they are
 * split into passes. Ended early by `break`, what is trained is as the last encoded step made it. Ended by `signal`, the
 * results that are under way are yielded and a checkpoint is written, where there are any.
 *
 * @throws {TrainingError} for options out of range or not defined together, and for examples that cannot be trained on
 * @throws {LossError} for losses that do not go together
 * @throws {CheckpointError} for a store that holds another run
 * @throws {NonFiniteError} naming the examples of the step whose loss or gradient was not finite; that step changed nothing
 * @throws the signal's reason when it is aborted
 */
export async function* train<L extends Loss>(
  trainable: Trainable,
  examples: readonly ExampleOf<L>[],
  options: TrainOptions<L>,
): AsyncGenerator<TrainStep, void, undefined> {
  checkTraining(trainable, examples, options)
  const release = options.checkpoint ? await holdRun(options.checkpoint.store) : null
  try {
    yield* run(trainable, examples, options)
  } finally {
    await release?.()
  }
}

async function* run(
  trainable: Trainable,
  examples: readonly Example[],
  options: TrainOptions,
): AsyncGenerator<TrainStep, void, undefined> {
  const { gpu } = trainable
  const { loss, signal, checkpoint, optimizer: kind = adamW(), maxGradNorm = 1 } = options
  const { learningRate = 1e-4, schedule = linearSchedule(), seed = 0 } = options
  const source = referenceSource(options)
  const plan = planOf(examples, options)
  const { totalSteps } = plan
  const kept = checkpoint
    ? await KeptRun.open(trainable, examples, totalSteps, { ...options, checkpoint })
    : null
  const resumed = kept?.resumed ?? null
  // Before anything is restored: the reference is the model as it is at the start of the run.
  const references = source === 'cached' ? await givenOrStarting(trainable, examples, options, kept) : null
  using reference = source === null ? null : openReference(trainable, source, options.sync ?? null)
  // What the reference pass needed is not needed again.
  gpu.trim()

  using optimizer = kind.create(trainable, { maxGradNorm })
  using stepper = new TrainingStepper(trainable, {
    ...{ loss, optimizer, live: reference?.live ?? null, dropout: trainable.dropout },
    ...{ recompute: options.recompute ?? false, noise: options.neftune ?? 0 },
  })
  const tensors = stateTensors(trainable, optimizer, stepper, reference)
  await resumed?.restore(gpu, tensors)
  optimizer.steps = resumed?.optimizerSteps ?? 0
  if (resumed) checkpoint?.onCheckpoint?.(resumed.step, 'resumed')

  const queue: (() => Promise<TrainStep>)[] = []
  let tokens = resumed?.tokens ?? 0
  const save = async (step: number) =>
    kept?.save(gpu, { step, tokens, optimizerSteps: optimizer.steps, tensors })
  async function* finish() {
    while (queue.length > 0) yield await queue.shift()!()
  }

  for (let step = resumed?.step ?? 0; step < totalSteps; step++) {
    if (signal?.aborted) {
      yield* finish()
      await save(step)
      signal.throwIfAborted()
    }
    const { epoch, batches: places } = plan.step(step)
    const batches = places.map(chosen =>
      layOutExamples(
        loss,
        chosen.map(i => examples[i]!),
        references && (chosen.map(i => references[i]!) as References),
        { seed, epoch },
      ),
    )
    tokens += places.flat().reduce((sum, i) => sum + exampleTokens(examples[i]!), 0)
    const rate = learningRate * checkedShare(schedule(step, totalSteps), step)
    const result = stepper.step(batches, {
      learningRate: rate,
      seed: counterHash(seed, step, 0xd209),
      mismatched: mismatchesOf(loss, examples, places, trainable.network.maxPositions),
    })
    // The result is awaited later; until then its rejection must not count as unhandled.
    result.catch(() => {})
    const sync = options.sync
    if (sync && (step + 1) % sync.steps === 0) reference?.sync(sync.alpha)
    const done = Math.min(options.epochs ?? 1, (step + 1) / plan.stepsPerEpoch)
    const place = { step: step + 1, totalSteps, epoch: done, learning_rate: rate, num_tokens: tokens }
    queue.push(async () => report(loss, await result, place))
    if (queue.length > QUEUE_DEPTH) yield await queue.shift()!()
    const paused = options.pause !== undefined && (step + 1) % options.pause.everySteps === 0
    const isSaved = kept?.isDue(step + 1) || step + 1 === totalSteps
    if (isSaved || paused) yield* finish()
    if (paused) await options.pause?.run(step + 1)
    if (isSaved) await save(step + 1)
  }
}

function checkedShare(share: number, step: number): number {
  if (share >= 0 && share < Number.POSITIVE_INFINITY) return share
  throw new TrainingError(`the schedule gives ${share} for step ${step + 1}, expected 0 or more`)
}

const planOf = (examples: readonly Example[], options: TrainOptions): TrainPlan => {
  const { epochs = 1, maxSteps = null, batchSize = 4, accumulation = 1, shuffle = true, seed = 0 } = options
  const units = options.packs ?? examples.map((_, i) => [i])
  return planTraining(units, { epochs, maxSteps, batchSize, accumulation, shuffle, seed })
}

async function givenOrStarting(
  trainable: Trainable,
  examples: readonly Example[],
  options: TrainOptions,
  kept: KeptRun | null,
): Promise<References> {
  const { references, signal, onReference } = options
  if (!references && kept) return kept.references(trainable, examples, options)
  if (!references) {
    return startingLogProbs(trainable, examples, {
      ...(signal ? { signal } : {}),
      ...(onReference ? { onProgress: onReference } : {}),
    })
  }
  return references
}

/** All that the next steps depend on, by the names of a checkpoint. */
function stateTensors(
  { arenas }: Trainable,
  optimizer: Optimizer,
  { states }: TrainingStepper,
  reference: OpenReference | null,
): ReadonlyMap<string, Tensor> {
  return new Map([
    ...arenas.map(({ name, values }) => [`values.${name}`, values] as const),
    ...[...optimizer.state].map(([name, tensor]) => [`optimizer.${name}`, tensor] as const),
    ...states.flatMap((tensor, k) => (tensor ? [[`loss.${k}`, tensor] as const] : [])),
    ...[...(reference?.weights ?? [])].map(([name, tensor]) => [`reference.${name}`, tensor] as const),
  ])
}

/** The answers of a step beside prompts that are not theirs, by micro-batch. */
function mismatchesOf(
  loss: Loss,
  examples: readonly Example[],
  places: readonly (readonly number[])[],
  limit: number,
) {
  if (loss.kind !== 'labelled' || !loss.kl) return null
  const labelled = examples as readonly EncodedLabelled[]
  const chosen = places.flat()
  // The only example of a last step is compared with another one all the same.
  const other = chosen.length === 1 ? [(chosen[0]! + 1) % labelled.length] : []
  const all = mismatched(
    [...chosen, ...other].map(i => labelled[i]!),
    limit,
  )
  let at = 0
  return places.map(({ length }) => {
    at += length
    return all.slice(at - length, at)
  })
}

function report(
  loss: Loss,
  result: StepResult,
  place: Pick<TrainStep, 'step' | 'totalSteps' | 'epoch' | 'learning_rate' | 'num_tokens'>,
): TrainStep {
  const metrics = metricsOf(loss, result)
  const { gradNorm, batches } = result
  if (!Number.isFinite(metrics.loss) || !Number.isFinite(gradNorm)) {
    const culprits = batches.flatMap(({ batch, values }) =>
      batch.indices.filter((_, n) => values.some(term => !Number.isFinite(term[n]!))),
    )
    const named = culprits.length > 0 ? culprits : batches.flatMap(({ batch }) => batch.indices)
    throw new NonFiniteError(
      `step ${place.step}: loss ${metrics.loss}, gradient norm ${gradNorm}, at ${loss.kind} ${named.join(', ')} of the file. Lower the learning rate, or remove them`,
    )
  }
  return { ...place, loss: metrics.loss!, grad_norm: gradNorm, ...metrics }
}
