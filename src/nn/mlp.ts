import type { Tensor } from '../gpu/tensor'
import type { Tape } from '../ops/tape'
import type { Linear, LoraMap } from './linear'

/** The feed-forward part of a layer. */
export interface Mlp {
  readonly linears: readonly Linear[]
  /** x [T, C] → [T, C]. */
  forward(tape: Tape, x: Tensor, adapter: LoraMap | null): Tensor
}

/** down(activation(gate(x), up(x))), as in Llama. https://arxiv.org/abs/2002.05202 */
export const gatedMlp = (
  gate: Linear,
  up: Linear,
  down: Linear,
  activation: (tape: Tape, gate: Tensor, up: Tensor) => Tensor,
): Mlp => ({
  linears: [gate, up, down],
  forward(tape, x, adapter) {
    const inner = activation(tape, gate.forward(tape, x, adapter), up.forward(tape, x, adapter))
    return down.forward(tape, inner, adapter)
  },
})

/** down(activation(up(x))), as in GPT-2. */
export const plainMlp = (up: Linear, down: Linear, activation: (tape: Tape, x: Tensor) => Tensor): Mlp => ({
  linears: [up, down],
  forward: (tape, x, adapter) => down.forward(tape, activation(tape, up.forward(tape, x, adapter)), adapter),
})
