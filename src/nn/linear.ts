import type { Tensor } from '../gpu/tensor'
import { linear } from '../ops/linear'
import { type LoraFactors, lora } from '../ops/lora'
import type { Tape } from '../ops/tape'

/** Low-rank changes by the path of the layer they change, as PEFT names it: `model.layers.0.mlp.up_proj`. */
export type LoraMap = ReadonlyMap<string, LoraFactors>

/** A linear layer without bias. */
export class Linear {
  /**
   * @param path its name in the Hugging Face model, without `.weight`
   * @param weight [O, I]
   */
  constructor(
    readonly path: string,
    readonly weight: Tensor,
  ) {}

  /** x [N, I] → [N, O], with the layer's low-rank change if `adapter` has one. */
  forward(tape: Tape, x: Tensor, adapter: LoraMap | null): Tensor {
    const factors = adapter?.get(this.path)
    return factors ? lora(tape, x, this.weight, factors) : linear(tape, x, this.weight)
  }
}
