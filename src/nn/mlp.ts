import type { Tensor } from '../gpu/tensor'
import { swiglu } from '../ops/swiglu'
import type { Tape } from '../ops/tape'
import type { Linear, LoraMap } from './linear'

/** down(silu(gate(x)) · up(x)): the feed-forward part of a Llama layer. https://arxiv.org/abs/2002.05202 */
export class Mlp {
  constructor(
    readonly gate: Linear,
    readonly up: Linear,
    readonly down: Linear,
  ) {}

  /** x [T, C] → [T, C]. */
  forward(tape: Tape, x: Tensor, adapter: LoraMap | null): Tensor {
    const gate = this.gate.forward(tape, x, adapter)
    const up = this.up.forward(tape, x, adapter)
    return this.down.forward(tape, swiglu(tape, gate, up), adapter)
  }
}
