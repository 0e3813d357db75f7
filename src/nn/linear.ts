import type { Tensor } from '../gpu/tensor'
import { linear } from '../ops/linear'
import { type LoraFactors, lora } from '../ops/lora'
import type { Weight } from '../ops/matrix'
import type { Tape } from '../ops/tape'

/** Low-rank changes by the path of the layer they change, as PEFT names it: `model.layers.0.mlp.up_proj`. */
export type LoraMap = ReadonlyMap<string, LoraFactors>

/** A linear layer. */
export class Linear {
  /**
   * @param path its name in the Hugging Face model, without `.weight`
   * @param weight [O, I]
   * @param bias [O]
   */
  constructor(
    readonly path: string,
    readonly weight: Weight,
    readonly bias: Tensor | null = null,
  ) {}

  /** x [N, I] → [N, O], with the layer's low-rank change if `adapter` has one. */
  forward(tape: Tape, x: Tensor, adapter: LoraMap | null): Tensor {
    const factors = adapter?.get(this.path)
    return factors ? lora(tape, x, this.weight, factors, this.bias) : linear(tape, x, this.weight, this.bias)
  }
}
