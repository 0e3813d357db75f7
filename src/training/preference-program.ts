import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import type { PreferenceLoss } from '../losses/loss'
import { gather } from '../ops/gather'
import { linearLogProb } from '../ops/linear-log-prob'
import { preferenceLoss, STATS } from '../ops/preference-loss'
import { Tape } from '../ops/tape'
import type { LoraAdapter } from './lora-adapter'
import type { MicroBatch } from './micro-batch'

/**
 * Forward and backward pass of one micro-batch shape, recorded once: T tokens, R answer tokens, N pairs.
 * A replay adds the micro-batch's gradients to the adapter's and leaves its statistics in `stats`.
 */
export class PreferenceProgram implements Disposable {
  /** [N, 6], see `STATS`. */
  readonly stats: Tensor
  readonly #adapter: LoraAdapter
  readonly #inputs: ReturnType<typeof inputTensors>
  readonly #recording: Recording

  constructor(
    adapter: LoraAdapter,
    loss: PreferenceLoss,
    batch: MicroBatch,
    { recompute = false }: { readonly recompute?: boolean } = {},
  ) {
    const { gpu, network } = adapter
    const N = batch.pairs.length
    this.#adapter = adapter
    this.#inputs = inputTensors(adapter, batch.ids.length, batch.index.length, N)
    this.stats = gpu.empty([N, STATS.length])
    const { ids, positions, ranges, index, targets, ...inputs } = this.#inputs
    this.#recording = gpu.record(() => {
      using tape = new Tape(gpu)
      for (const { value, grad } of adapter.parameters) tape.parameter(value, grad)
      const hidden = network.forward(
        tape,
        { ids, positions, ranges },
        {
          adapter: adapter.map,
          recompute,
        },
      )
      const policy = linearLogProb(tape, gather(tape, hidden, index), network.head, targets)
      const { stats, gradient } = preferenceLoss(tape, loss.kernel, { policy, ...inputs }, loss)
      gpu.copy(stats, this.stats)
      tape.backward(policy, gradient)
    })
  }

  /**
   * Runs the micro-batch, which must have this program's shape.
   *
   * @param scale what its pairs' losses are multiplied by: one over the pairs of the optimizer step
   */
  run(batch: MicroBatch, scale: number): void {
    const { gpu } = this.#adapter
    const inputs = this.#inputs
    gpu.write(inputs.ids, batch.ids)
    gpu.write(inputs.positions, batch.positions)
    gpu.write(inputs.ranges, batch.ranges)
    gpu.write(inputs.index, batch.index)
    gpu.write(inputs.targets, batch.targets)
    gpu.write(inputs.reference, batch.reference)
    gpu.write(inputs.weight, batch.weight)
    gpu.write(inputs.spans, Uint32Array.from(batch.spans.flat()))
    gpu.write(inputs.scale, Float32Array.of(scale))
    gpu.replay(this.#recording)
  }

  [Symbol.dispose](): void {
    for (const tensor of Object.values(this.#inputs)) tensor[Symbol.dispose]()
    this.stats[Symbol.dispose]()
    this.#recording[Symbol.dispose]()
  }
}

/** Programs with the same key run each other's micro-batches. */
export const programKey = ({ ids, index, pairs }: MicroBatch): string =>
  `${ids.length},${index.length},${pairs.length}`

const inputTensors = ({ gpu }: LoraAdapter, T: number, R: number, N: number) => ({
  ids: gpu.empty([T], 'u32'),
  positions: gpu.empty([T], 'u32'),
  ranges: gpu.empty([T, 4], 'u32'),
  index: gpu.empty([R], 'u32'),
  targets: gpu.empty([R], 'u32'),
  reference: gpu.empty([R]),
  weight: gpu.empty([R]),
  spans: gpu.empty([N, 4], 'u32'),
  scale: gpu.empty([1]),
})
