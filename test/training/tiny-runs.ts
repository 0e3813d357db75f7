import type { Gpu } from '../../src/gpu/gpu'
import type { EncodedAnswer } from '../../src/models/answer-batch'
import type { CausalDecoder } from '../../src/models/causal-decoder'
import type { EncodedLabelled, EncodedPair, EncodedSequence, Example } from '../../src/training/examples'
import { LoraAdapter, type LoraOptions } from '../../src/training/lora-adapter'
import { type TrainOptions, type TrainStep, train } from '../../src/training/train'
import type { CheckpointOptions } from '../../src/training/train-options'
import type { Trainable } from '../../src/training/trainable'
import { noise } from '../noise'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const ids = (seed: number) => Uint32Array.from(noise(8 + (seed % 16), seed), x => Math.floor((x + 1) * 30))
const answer = (seed: number): EncodedAnswer => ({ ids: ids(seed), answerBegin: 3 })

/** Pairs of 8 to 23 tokens whose answers begin at token 3. */
export const pairs: readonly EncodedPair[] = Array.from({ length: 7 }, (_, index) => ({
  index,
  chosen: answer(2 * index + 1),
  rejected: answer(3 * index + 50),
  truncated: false,
}))
export const sequences: readonly EncodedSequence[] = pairs.map(({ index, chosen }) => ({
  index,
  ids: chosen.ids,
  mask: Uint8Array.from(chosen.ids, (_, t) => (t < 3 ? 0 : 1)),
  truncated: false,
}))
export const labelled: readonly EncodedLabelled[] = pairs.map(({ index, chosen }) => ({
  index,
  answer: chosen,
  desirable: index % 3 > 0,
  truncated: false,
}))

/** Six steps. */
export const shortRun = { learningRate: 0.01, epochs: 3, batchSize: 2, accumulation: 2, seed: 5 }

export const oneLayer = (gpu: Gpu): CausalDecoder => tinyLlama(gpu, { ...tinyConfig, layers: 1 })

/** A fresh adapter of a network. */
export const adapterOf =
  (options: LoraOptions = {}) =>
  (network: CausalDecoder): Trainable =>
    LoraAdapter.create(network, { rank: 2, seed: 1, ...options })

/** What is trained, on what, and how. */
export interface Job {
  readonly options: Omit<TrainOptions, 'checkpoint' | 'signal'>
  readonly examples: readonly Example[]
  readonly trainable?: (network: CausalDecoder) => Trainable
}

/** Bits of what is trained. */
export async function bitsOf({ gpu, arenas }: Trainable): Promise<Uint32Array[]> {
  return Promise.all(arenas.map(({ values }) => gpu.readU32(values)))
}

/** Trains until the step `stopAfter` is seen, and gives the steps that were, and all bits that are left. */
export async function runJob(
  gpu: Gpu,
  { options, examples, trainable: create = adapterOf() }: Job,
  checkpoint?: CheckpointOptions,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<{ readonly steps: readonly TrainStep[]; readonly bits: readonly Uint32Array[] }> {
  using network = oneLayer(gpu)
  using trainable = create(network)
  const steps = await trainSome(trainable, { options, examples }, checkpoint, stopAfter)
  return { steps, bits: await bitsOf(trainable) }
}

/** Trains what is given until the step `stopAfter` is seen. */
export async function trainSome(
  trainable: Trainable,
  { options, examples }: Pick<Job, 'options' | 'examples'>,
  checkpoint?: CheckpointOptions,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<readonly TrainStep[]> {
  const stop = new AbortController()
  const steps: TrainStep[] = []
  const kept = checkpoint ? { checkpoint } : {}
  try {
    const all = { ...options, ...kept, signal: stop.signal }
    // The examples are of the loss's kind; the types cannot tell for a job of any.
    for await (const step of train(trainable, examples as never, all)) {
      steps.push(step)
      if (step.step >= stopAfter) stop.abort(new Error('stopped'))
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  return steps
}
