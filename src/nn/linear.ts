import type { Tensor } from '../gpu/tensor'
import { dora } from '../ops/dora'
import type { Dropout } from '../ops/dropout'
import { linear } from '../ops/linear'
import { type LoraFactors, lora } from '../ops/lora'
import type { Weight } from '../ops/matrix'
import type { Tape } from '../ops/tape'

/** Low-rank changes by the path of the layer they change, as PEFT names it: `model.layers.0.mlp.up_proj`. */
export type LoraMap = ReadonlyMap<string, LoraFactors>

/** What a pass does at linear layers beside multiplying. */
export interface Changes {
  readonly map: LoraMap
  /** Of the inputs of low-rank changes, in training. */
  readonly dropout: Dropout | null
}

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

  /** x [N, I] → [N, O], with the layer's low-rank change if `changes` has one. */
  forward(tape: Tape, x: Tensor, changes: Changes | null): Tensor {
    const factors = changes?.map.get(this.path)
    if (!changes || !factors) return linear(tape, x, this.weight, this.bias)
    const options = { bias: this.bias, dropout: changes.dropout }
    const { magnitude } = factors
    return magnitude
      ? dora(tape, x, this.weight, { ...factors, magnitude }, options)
      : lora(tape, x, this.weight, factors, options)
  }
}
