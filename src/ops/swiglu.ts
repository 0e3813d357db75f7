import sigmoid from '#shaders/lib/sigmoid.wgsl?raw'
import silu from '#shaders/lib/silu.wgsl?raw'
import type { Tensor } from '../gpu/tensor'
import { defineGatedActivation, gatedActivation } from './gated-activation'
import type { Tape } from './tape'

export const swigluKernels = defineGatedActivation('swiglu', [sigmoid, silu])

/**
 * Gated activation of Llama's feed-forward layers: gate [N, F], up [N, F] → silu(gate)·up [N, F].
 * Shazeer, GLU Variants Improve Transformer, https://arxiv.org/abs/2002.05202
 *
 * @throws {TypeError} if both are one tensor
 */
export const swiglu = (tape: Tape, gate: Tensor, up: Tensor): Tensor =>
  gatedActivation(tape, swigluKernels, gate, up)
