import gelu from '#shaders/lib/gelu-tanh.wgsl?raw'
import sigmoid from '#shaders/lib/sigmoid.wgsl?raw'
import type { Tensor } from '../gpu/tensor'
import { defineGatedActivation, gatedActivation } from './gated-activation'
import type { Tape } from './tape'

export const gegluKernels = defineGatedActivation('geglu', [sigmoid, gelu])

/**
 * Gated activation of Gemma's feed-forward layers: gate [N, F], up [N, F] → gelu(gate)·up [N, F], with gelu's tanh form.
 * Shazeer, GLU Variants Improve Transformer, https://arxiv.org/abs/2002.05202
 *
 * @throws {TypeError} if both are one tensor
 */
export const geglu = (tape: Tape, gate: Tensor, up: Tensor): Tensor =>
  gatedActivation(tape, gegluKernels, gate, up)
