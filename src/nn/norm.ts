import type { Tensor } from '../gpu/tensor'
import { layerNorm } from '../ops/layer-norm'
import { rmsNorm } from '../ops/rms-norm'
import type { Tape } from '../ops/tape'

/** Normalizes the rows of x [N, C]. */
export type Norm = (tape: Tape, x: Tensor) => Tensor

/** @param offset what is added to the weight: 1 in Gemma */
export const rmsNormLayer =
  (weight: Tensor, eps: number, offset = 0): Norm =>
  (tape, x) =>
    rmsNorm(tape, x, weight, { eps, offset })

export const layerNormLayer =
  (weight: Tensor, bias: Tensor, eps: number): Norm =>
  (tape, x) =>
    layerNorm(tape, x, weight, bias, { eps })
