import { dryGpu } from '../gpu/dry-gpu'
import type { Loss } from '../losses/loss'
import type { CausalNetwork } from '../models/causal-network'
import { adamW } from './adamw'
import { type Example, type ExampleOf, exampleTokens } from './examples'
import { LoraAdapter, type LoraOptions } from './lora-adapter'
import { mismatched } from './mismatch-program'
import { openReference, startingLogProbs } from './reference'
import { referenceSource, type TrainOptions } from './train-options'
import { layOutExamples } from './train-plan'
import type { Trainable } from './trainable'
import { TrainingStepper } from './training-stepper'

export interface TrainingEstimate {
  /** Bytes of the model's weights. */
  readonly weights: number
  /** Most bytes of GPU memory held at a time: weights, what is trained, optimizer, activations. */
  readonly peak: number
  /** Values that are trained. */
  readonly parameters: number
}

/**
 * What `train` would need, found by running it dry: the same code, with shapes only, on the longest examples.
 *
 * @param options those of `train`, with `lora` for a fresh adapter or `trainable`, which makes what is trained of a
 *   planned network
 * @throws {OutOfMemoryError} if a tensor exceeds what the model's device can bind
 */
export async function estimateTraining<L extends Loss>(
  network: CausalNetwork,
  examples: readonly ExampleOf<L>[],
  {
    lora,
    trainable = planned => LoraAdapter.create(planned, lora),
    ...options
  }: TrainOptions<L> & {
    readonly lora?: LoraOptions
    readonly trainable?: (network: CausalNetwork) => Trainable
  },
): Promise<TrainingEstimate> {
  const { maxBufferSize, maxStorageBufferBindingSize } = network.gpu.device.limits
  using gpu = dryGpu({ maxBufferSize, maxStorageBufferBindingSize })
  const planned = network.plan(gpu)
  const weights = [...planned.weights.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  const { loss, batchSize = 4, optimizer: kind = adamW(), maxGradNorm = 1 } = options
  const longest = longestUnits(examples, options.packs, batchSize)
  using trained = trainable(planned)
  const source = referenceSource(options)
  const references = source === 'cached' ? await startingLogProbs(trained, longest) : null
  gpu.trim()
  // Another model has its memory already; its passes are counted as if they were this one's.
  const own = typeof source === 'string' ? source : { network: planned, adapter: null }
  using reference = source === null ? null : openReference(trained, own, null)
  using optimizer = kind.create(trained, { maxGradNorm })
  using stepper = new TrainingStepper(trained, {
    ...{ loss, optimizer, live: reference?.live ?? null, dropout: trained.dropout },
    ...{ recompute: options.recompute ?? false, noise: options.neftune ?? 0 },
  })
  const batch = layOutExamples(loss, longest, references, { seed: 0, epoch: 0 })
  const swapped = (longest as readonly Example[]).flatMap(example => ('answer' in example ? [example] : []))
  const kl = loss.kind === 'labelled' && loss.kl
  await stepper.step([batch], {
    ...{ learningRate: 0, seed: 0 },
    mismatched: kl ? [mismatched(swapped, planned.maxPositions)] : null,
  })
  return { weights, peak: gpu.memory.peak, parameters: trained.size }
}

/** The examples of the longest units, as many as a micro-batch has. */
function longestUnits<E extends Example>(
  examples: readonly E[],
  packs: readonly (readonly number[])[] | undefined,
  batchSize: number,
): readonly E[] {
  const units = packs ?? examples.map((_, i) => [i])
  const tokens = (unit: readonly number[]) => unit.reduce((sum, i) => sum + exampleTokens(examples[i]!), 0)
  return [...units]
    .sort((a, b) => tokens(b) - tokens(a))
    .slice(0, batchSize)
    .flatMap(unit => unit.map(i => examples[i]!))
}
