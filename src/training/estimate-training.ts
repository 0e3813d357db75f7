import { dryGpu } from '../gpu/dry-gpu'
import { answerLength } from '../models/answer-batch'
import type { CausalNetwork } from '../models/causal-network'
import { answerLogProbs } from './answer-log-probs'
import type { EncodedPair } from './encode-pairs'
import { LoraAdapter, type LoraOptions } from './lora-adapter'
import { microBatch } from './micro-batch'
import { PreferenceStepper } from './preference-stepper'
import type { TrainOptions } from './train'

export interface TrainingEstimate {
  /** Bytes of the model's weights. */
  readonly weights: number
  /** Most bytes of GPU memory held at a time: weights, adapter, optimizer, activations. */
  readonly peak: number
  /** Values that are trained. */
  readonly parameters: number
}

/**
 * What `train` would need, found by running it dry: the same code, with shapes only, on the longest pairs.
 *
 * @throws {OutOfMemoryError} if a tensor exceeds what the model's device can bind
 */
export async function estimateTraining(
  network: CausalNetwork,
  pairs: readonly EncodedPair[],
  { lora, ...options }: TrainOptions & { readonly lora?: LoraOptions },
): Promise<TrainingEstimate> {
  const { maxBufferSize, maxStorageBufferBindingSize } = network.gpu.device.limits
  using gpu = dryGpu({ maxBufferSize, maxStorageBufferBindingSize })
  const planned = network.plan(gpu)
  const weights = [...planned.weights.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  const { batchSize = 4, accumulation = 1 } = options
  const length = ({ chosen, rejected }: EncodedPair) => chosen.ids.length + rejected.ids.length
  const longest = [...pairs].sort((a, b) => length(b) - length(a)).slice(0, batchSize)
  if (!options.references) await answerLogProbs(planned, longest)
  gpu.trim()
  const adapter = LoraAdapter.create(planned, lora)
  using stepper = new PreferenceStepper(adapter, options.loss, { ...options, pairs: batchSize, accumulation })
  const references = longest.map(({ chosen, rejected }) => ({
    chosen: new Float32Array(answerLength(chosen)),
    rejected: new Float32Array(answerLength(rejected)),
  }))
  await stepper.step([microBatch(longest, references, options.loss, { seed: 0, epoch: 0 })], 0)
  return { weights, peak: gpu.memory.peak, parameters: adapter.size }
}
