import type { PreferenceLossKernel } from '../ops/preference-loss'

/** What a draw may depend on, so that it is the same whatever the batch, and after a resume. */
export interface DrawKey {
  readonly seed: number
  /** 0 in the first epoch. */
  readonly epoch: number
  /** The pair's position in its file. */
  readonly example: number
}

/** How much each answer token counts in the margin: 1 or 0, one value a token. */
export interface TokenWeights {
  readonly chosen: Float32Array
  readonly rejected: Float32Array
}

/** A preference loss: a scalar function of the margin, and the tokens that enter the margin. */
export interface PreferenceLoss {
  readonly name: string
  /** Factor of the margin, the strength of the tie to the reference model. */
  readonly beta: number
  readonly kernel: PreferenceLossKernel
  /** Weights for answers of these lengths in tokens, each at least 1. */
  weights(chosen: number, rejected: number, key: DrawKey): TokenWeights
}
