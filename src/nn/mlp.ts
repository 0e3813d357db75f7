import type { Tensor } from '../gpu/tensor'
import type { Tape } from '../ops/tape'
import type { Changes, Linear } from './linear'

/** The feed-forward part of a layer. */
export interface Mlp {
  readonly linears: readonly Linear[]
  /** x [T, C] → [T, C]. */
  forward(tape: Tape, x: Tensor, changes: Changes | null): Tensor
}

/** down(activation(gate(x), up(x))), as in Llama. https://arxiv.org/abs/2002.05202 */
export const gatedMlp = (
  gate: Linear,
  up: Linear,
  down: Linear,
  activation: (tape: Tape, gate: Tensor, up: Tensor) => Tensor,
): Mlp => ({
  linears: [gate, up, down],
  forward(tape, x, changes) {
    const inner = activation(tape, gate.forward(tape, x, changes), up.forward(tape, x, changes))
    return down.forward(tape, inner, changes)
  },
})

/** down(activation(up(x))), as in GPT-2. */
export const plainMlp = (up: Linear, down: Linear, activation: (tape: Tape, x: Tensor) => Tensor): Mlp => ({
  linears: [up, down],
  forward: (tape, x, changes) => down.forward(tape, activation(tape, up.forward(tape, x, changes)), changes),
})
