import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import { adamw } from '../ops/adamw'
import { gradNorm } from '../ops/grad-norm'
import type { LoraAdapter } from './lora-adapter'

export interface AdamWOptions {
  readonly weightDecay?: number
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  /** The gradients' norm is clipped to this. */
  readonly maxGradNorm?: number
}

/** Clips the gradients of an adapter, takes an AdamW step with them, and clears them. torch's defaults. */
export class AdamW implements Disposable {
  /** (gradient norm before clipping, clip factor), [2]. */
  readonly norm: Tensor
  readonly #m: Tensor
  readonly #v: Tensor
  readonly #scalars: Tensor
  readonly #recording: Recording
  readonly #adapter: LoraAdapter
  readonly #options: Required<AdamWOptions>
  #steps = 0

  constructor(adapter: LoraAdapter, options: AdamWOptions = {}) {
    this.#options = { weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1, ...options }
    const { gpu, values: p, grads } = adapter
    this.#adapter = adapter
    this.#m = gpu.zeros(p.shape)
    this.#v = gpu.zeros(p.shape)
    this.norm = gpu.empty([2])
    this.#scalars = gpu.empty([4])
    const { beta1: b1, beta2: b2, epsilon: eps, maxGradNorm: maxNorm } = this.#options
    const [m, v, norm, scalars] = [this.#m, this.#v, this.norm, this.#scalars]
    this.#recording = gpu.record(() => {
      gradNorm(gpu, grads, norm, { maxNorm })
      gpu.run(adamw, { p, grads, m, v, norm, scalars }, { b1, b2, eps })
      gpu.clear(grads)
    })
  }

  /** One step at this learning rate. */
  step(learningRate: number): void {
    const { weightDecay, beta1, beta2 } = this.#options
    this.#steps++
    const corrections = [1 - beta1 ** this.#steps, 1 - beta2 ** this.#steps] as const
    this.#adapter.gpu.write(this.#scalars, Float32Array.of(learningRate, weightDecay, ...corrections))
    this.#adapter.gpu.replay(this.#recording)
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.#m, this.#v, this.norm, this.#scalars]) tensor[Symbol.dispose]()
    this.#recording[Symbol.dispose]()
  }
}
