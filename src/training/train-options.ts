import type { RunStore } from '../io/run-store'
import type { Loss } from '../losses/loss'
import { type CheckpointError, TrainingError } from './errors'
import { type Example, kindOf, longestSequence, sequencesOf } from './examples'
import type { Fingerprint } from './fingerprint'
import type { OptimizerKind } from './optimizer'
import {
  checkReferences,
  type ReferenceSource,
  type ReferenceSync,
  type References,
  usesReference,
} from './reference'
import type { Schedule } from './schedule'
import type { Trainable } from './trainable'

/** How a run is kept, so that whatever ends it costs no more than the steps since it was last written. */
export interface CheckpointOptions {
  readonly store: RunStore
  /** Optimizer steps between two checkpoints. Default: by time alone. */
  readonly everySteps?: number
  /** Seconds between two checkpoints, at least. Default: 60, unless `everySteps` is given. */
  readonly everySeconds?: number
  /** What else decides the run's numbers, such as a digest of the model; added to what `train` knows itself. */
  readonly fingerprint?: Fingerprint
  /**
   * Goes on from the last checkpoint in the store, if there is one, bit for bit as if it had not stopped. What is
   * trained must be as it was when the run began. Without it a store that holds checkpoints is refused.
   */
  readonly resume?: boolean
  /** Called when a checkpoint is whole, and with the step of the one that a run goes on from. */
  readonly onCheckpoint?: (step: number, kind: 'written' | 'resumed') => void
  /** Called for each damaged checkpoint that an earlier one stands in for. */
  readonly onDamaged?: (problem: CheckpointError) => void
}

export interface TrainOptions<L extends Loss = Loss> {
  readonly loss: L
  /** Default: `adamW()`. */
  readonly optimizer?: OptimizerKind
  /** The gradients' norm is clipped to this; null for no clipping. Default: 1. */
  readonly maxGradNorm?: number | null
  /** Peak learning rate. */
  readonly learningRate?: number
  readonly schedule?: Schedule
  readonly epochs?: number
  /** Stops after this many optimizer steps; the schedule is laid out over them. */
  readonly maxSteps?: number
  /** Examples, or packs of them, of one forward and backward pass. */
  readonly batchSize?: number
  /** Forward and backward passes of one optimizer step. */
  readonly accumulation?: number
  /** Examples that stay together and count as one, by their places: packs. Default: each is one. */
  readonly packs?: readonly (readonly number[])[]
  /** Whether each epoch has an order of its own, drawn by the seed, or that of the examples. */
  readonly shuffle?: boolean
  /** Computes each layer again in the backward pass: a third more work, and only one layer's activations at a time. */
  readonly recompute?: boolean
  /** Scale α of uniform noise on the embeddings of supervised training, NEFTune; 0 for none. https://arxiv.org/abs/2310.05914 */
  readonly neftune?: number
  /** Orders the examples, and draws what is drawn: tokens, dropout, noise. */
  readonly seed?: number
  /** Default: 'cached', and where the loss needs one in each step, 'copy'. */
  readonly reference?: ReferenceSource
  /** Moves a 'copy' towards the trained weights: TR-DPO. https://arxiv.org/abs/2404.09656 */
  readonly sync?: ReferenceSync
  /** Reference log-probs, example by example, for 'cached'. Default: computed before the first step. */
  readonly references?: References
  readonly checkpoint?: CheckpointOptions
  /**
   * Awaited after every so many steps, once their results were yielded: nothing is under way, and what is trained is as
   * the step made it. To evaluate on the way.
   */
  readonly pause?: { readonly everySteps: number; readonly run: (step: number) => Promise<void> }
  readonly signal?: AbortSignal
  /** Progress of the reference pass, in examples. */
  readonly onReference?: (done: number, total: number) => void
}

/** Where the run's reference log-probs come from; null where the loss needs none. */
export function referenceSource({ loss, reference }: TrainOptions): ReferenceSource | null {
  if (!usesReference(loss)) return null
  const needsLive = loss.kind === 'labelled' && loss.kl
  if (needsLive && reference === 'cached') {
    throw new TrainingError(
      `${loss.name} compares answers with prompts that are not theirs, which differ from step to step: its reference cannot be cached; use 'live' or 'copy'`,
    )
  }
  return reference ?? (needsLive ? 'copy' : 'cached')
}

/** @throws {TrainingError} naming the option that is out of range, or that the loss does not go with */
export function checkTraining(
  trainable: Pick<Trainable, 'network' | 'map'>,
  examples: readonly Example[],
  options: TrainOptions,
): void {
  const { loss, accumulation = 1, neftune = 0, packs } = options
  checkNumbers(options)
  if (neftune > 0 && loss.kind !== 'sequences')
    throw new TrainingError(
      `neftune is for supervised training: with ${loss.name} the noise would be in the log-ratios`,
    )
  const term = loss.terms.find(({ wholeBatch }) => wholeBatch)
  if (term && accumulation > 1) {
    throw new TrainingError(
      `${term.name} compares the examples of a step with each other: they must be one pass. accumulation is ${accumulation}, expected 1`,
    )
  }
  checkExamples(examples, loss)
  checkFit(examples, trainable.network, 'model')
  if (typeof options.reference === 'object') checkFit(examples, options.reference.network, 'reference model')
  if (packs) checkPacks(packs, examples.length)
  checkReference(trainable, examples, options)
}

function checkNumbers(options: TrainOptions): void {
  const { batchSize, accumulation, epochs, maxSteps, pause, checkpoint } = options
  const counts = {
    ...{ batchSize, accumulation, epochs, maxSteps },
    ...{ 'pause.everySteps': pause?.everySteps, 'checkpoint.everySteps': checkpoint?.everySteps },
  }
  for (const [name, value] of Object.entries(counts)) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1))
      throw new TrainingError(`${name} is ${value}, expected a positive integer`)
  }
  const { learningRate = 1e-4, neftune = 0, seed = 0 } = options
  if (!(learningRate > 0) || !Number.isFinite(learningRate))
    throw new TrainingError(`learningRate is ${learningRate}, expected a positive number`)
  if (!(neftune >= 0) || !Number.isFinite(neftune))
    throw new TrainingError(`neftune is ${neftune}, expected a number of at least 0`)
  if (!Number.isInteger(seed)) throw new TrainingError(`seed is ${seed}, expected a whole number`)
  const { everySeconds = 0 } = checkpoint ?? {}
  if (!(everySeconds >= 0))
    throw new TrainingError(`checkpoint.everySeconds is ${everySeconds}, expected a number of at least 0`)
}

function checkPacks(packs: readonly (readonly number[])[], examples: number): void {
  const places = packs.flat()
  const isWhole = places.length === examples && new Set(places).size === examples
  const isInside = places.every(i => Number.isInteger(i) && i >= 0 && i < examples)
  if (isWhole && isInside && packs.every(({ length }) => length > 0)) return
  throw new TrainingError(
    `the packs hold the examples ${places.slice(0, 8).join(', ')}${places.length > 8 ? ', …' : ''}, expected each of the ${examples} once, and no empty pack: make them of these examples by packSequences`,
  )
}

const NOUNS = { pairs: 'pair', sequences: 'conversation', labelled: 'labelled answer' }

function checkExamples(examples: readonly Example[], loss: Loss): void {
  const noun = NOUNS[loss.kind]
  if (examples.length === 0) throw new TrainingError(`there is no ${noun} to train on`)
  const needsKl = loss.kind === 'labelled' && loss.kl
  if (needsKl && examples.length < 2)
    throw new TrainingError(`${loss.name} compares answers with other prompts: it needs at least two`)
  for (const example of examples) {
    const kind = kindOf(example)
    if (kind !== loss.kind)
      throw new TrainingError(
        `${loss.name} is trained on ${loss.kind}, example ${example.index} is of ${kind}`,
      )
    if ('mask' in example && !example.mask.includes(1, 1))
      throw new TrainingError(`${noun} ${example.index} of the file has no token that is trained`)
  }
}

/** Beyond its vocabulary a model would read, and be told to predict, what is not there. */
function checkFit(
  examples: readonly Example[],
  { maxPositions, vocabulary }: Trainable['network'],
  model: string,
): void {
  for (const example of examples) {
    const place = `${NOUNS[kindOf(example)]} ${example.index} of the file`
    const tokens = longestSequence(example)
    if (tokens > maxPositions) {
      throw new TrainingError(
        `${place} has ${tokens} tokens, the ${model}'s context is ${maxPositions}. Encode with this maxLength`,
      )
    }
    for (const ids of sequencesOf(example)) {
      const unknown = ids.find(id => id >= vocabulary)
      if (unknown === undefined) continue
      throw new TrainingError(
        `${place} has the token ${unknown}, the ${model}'s vocabulary has ${vocabulary}. Encode with the tokenizer of this model`,
      )
    }
  }
}

function checkReference(
  trainable: Pick<Trainable, 'network' | 'map'>,
  examples: readonly Example[],
  options: TrainOptions,
): void {
  const source = referenceSource(options)
  const { loss, reference, references, sync } = options
  const idle = source === null && (reference ?? references ?? sync) !== undefined
  if (idle) throw new TrainingError(`${loss.name} needs no reference model, but one is given`)
  if (references && source !== null && source !== 'cached')
    throw new TrainingError('references are given, and a live reference too: only one can count')
  if (references) checkReferences(examples, references)
  const isOther = typeof reference === 'object'
  if (isOther && reference.network === trainable.network && reference.adapter === trainable.map) {
    throw new TrainingError(
      "the reference is what is trained, so that no margin would ever be seen: use 'cached', which keeps the log-probs of the start, or another model",
    )
  }
}
