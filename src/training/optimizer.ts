import type { Tensor } from '../gpu/tensor'
import type { Trainable } from './trainable'

/** What an optimizer needs of what is trained. */
export type Trained = Pick<Trainable, 'gpu' | 'arenas'>

/** Clips the gradients of what is trained, takes steps with them, and clears them. */
export interface Optimizer extends Disposable {
  /** (the norm of all gradients before clipping, what they are multiplied by), [2]; written by each step. */
  readonly norm: Tensor
  /** What a checkpoint must hold, by name, besides the number of steps. */
  readonly state: ReadonlyMap<string, Tensor>
  /** Steps taken. To be set when a run goes on. */
  steps: number
  /** Encodes one step at this learning rate. A step whose gradients are not finite changes nothing but `steps`. */
  step(learningRate: number): void
}

/** An optimizer by value: `adamW({ weightDecay: 0.1 })`. */
export interface OptimizerKind {
  readonly name: string
  /**
   * @param maxGradNorm norm that the gradients are clipped to, over all arenas; null for no clipping
   * @throws {TrainingError} if it is no positive number
   */
  create(trained: Trained, options: { readonly maxGradNorm: number | null }): Optimizer
}
