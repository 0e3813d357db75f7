import type { Gpu } from '../gpu/gpu'
import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import type { EncodedAnswer, TokenBatch } from '../models/answer-batch'
import { meanRatio } from '../ops/mean-ratio'
import { sequenceSums } from '../ops/sequence-sums'
import type { EncodedLabelled } from './examples'
import { type LiveReference, packedTensors, writeLogProbs } from './training-program'

/**
 * Each example's prompt with the answer of the one before it, the first with that of the last: KTO's estimate of how far
 * the policy is from its reference. https://arxiv.org/abs/2402.01306 §4.1; TRL rotates a batch in the same direction.
 *
 * @param limit tokens of the longest sequence; longer ones keep their start
 */
export function mismatched(labelled: readonly EncodedLabelled[], limit: number): EncodedAnswer[] {
  return labelled.map(({ answer }, n) => {
    const { ids: other, answerBegin: from } = labelled.at(n - 1)!.answer
    const ids = [...answer.ids.subarray(0, answer.answerBegin), ...other.subarray(from)]
    return { ids: Uint32Array.from(ids.slice(0, limit)), answerBegin: answer.answerBegin }
  })
}

/** Adds the mean log-ratio of some sequences to a total: one forward pass of each model, no gradient. */
export class MismatchProgram implements Disposable {
  readonly #inputs: ReturnType<typeof packedTensors>
  readonly #spans: Tensor
  readonly #scale: Tensor
  readonly #ones: Tensor
  readonly #recording: Recording

  /** @param total [1]: added to */
  constructor(
    readonly gpu: Gpu,
    policy: LiveReference,
    reference: LiveReference,
    batch: TokenBatch,
    total: Tensor,
  ) {
    const inputs = packedTensors(gpu, batch)
    const [R, S] = [batch.index.length, batch.spans.length]
    this.#inputs = inputs
    this.#spans = gpu.empty([S, 2], 'u32')
    this.#scale = gpu.empty([1])
    this.#ones = gpu.tensor([R, 2], new Float32Array(2 * R).fill(1))
    this.#recording = gpu.record(() => {
      using mine = gpu.empty([R])
      using theirs = gpu.empty([R])
      using sums = gpu.empty([S, 2])
      writeLogProbs(gpu, policy, inputs, mine)
      writeLogProbs(gpu, reference, inputs, theirs)
      const [weights, spans] = [this.#ones, this.#spans]
      gpu.run(sequenceSums, { policy: mine, reference: theirs, weights, spans, sums }, {})
      gpu.run(meanRatio, { sums, scale: this.#scale, total }, {})
    })
  }

  /** @param scale one over the sequences that the mean is over */
  run(batch: TokenBatch, scale: number): void {
    const { gpu } = this
    gpu.write(this.#inputs.packed.ids, batch.ids)
    gpu.write(this.#inputs.packed.positions, batch.positions)
    gpu.write(this.#inputs.packed.ranges, batch.ranges)
    gpu.write(this.#inputs.index, batch.index)
    gpu.write(this.#inputs.targets, batch.targets)
    gpu.write(this.#spans, Uint32Array.from(batch.spans.flat()))
    gpu.write(this.#scale, Float32Array.of(scale))
    gpu.replay(this.#recording)
  }

  [Symbol.dispose](): void {
    this.#inputs[Symbol.dispose]()
    for (const tensor of [this.#spans, this.#scale, this.#ones]) tensor[Symbol.dispose]()
    this.#recording[Symbol.dispose]()
  }
}

export const mismatchKey = ({ ids, index, spans }: TokenBatch): string =>
  `${ids.length},${index.length},${spans.length}`
