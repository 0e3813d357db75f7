import { ShapeError } from '../gpu/errors'
import type { Tensor } from '../gpu/tensor'
import { attention } from '../ops/attention'
import { type RopeTable, rope } from '../ops/rope'
import { scatterRows } from '../ops/scatter-rows'
import type { Tape } from '../ops/tape'
import type { Linear, LoraMap } from './linear'
import type { Packed } from './packed'

/** Causal self-attention with rotary positions and grouped key-value heads, as in Llama. */
export class SelfAttention {
  constructor(
    readonly q: Linear,
    readonly k: Linear,
    readonly v: Linear,
    readonly o: Linear,
    readonly headSize: number,
  ) {}

  /**
   * x [T, C] → [T, C].
   *
   * @param cache this layer's keys and values [S, G, D]; filled at `packed.slots`, then read in place of
   *   the tokens' own
   */
  forward(
    tape: Tape,
    x: Tensor,
    packed: Packed,
    table: RopeTable,
    { adapter, cache }: { adapter: LoraMap | null; cache: { k: Tensor; v: Tensor } | null },
  ): Tensor {
    const heads = (y: Tensor) => y.view([y.shape[0]!, y.shape[1]! / this.headSize, this.headSize])
    const q = rope(tape, heads(this.q.forward(tape, x, adapter)), packed.positions, table)
    let k = rope(tape, heads(this.k.forward(tape, x, adapter)), packed.positions, table)
    let v = heads(this.v.forward(tape, x, adapter))
    if (cache) {
      if (!packed.slots) throw new ShapeError('SelfAttention: a cache needs packed.slots')
      const rows = (y: Tensor) => y.view([y.shape[0]!, y.shape[1]! * y.shape[2]!])
      scatterRows(tape.gpu, rows(k), packed.slots, rows(cache.k))
      scatterRows(tape.gpu, rows(v), packed.slots, rows(cache.v))
      ;({ k, v } = cache)
    }
    const mixed = attention(tape, q, k, v, packed.ranges)
    return this.o.forward(tape, mixed.view([x.shape[0]!, q.shape[1]! * this.headSize]), adapter)
  }
}
