import { ShapeError } from '../gpu/errors'
import type { Tensor } from '../gpu/tensor'
import { attention } from '../ops/attention'
import { attentionWithPrefix } from '../ops/join-attention'
import { type RopeTable, rope } from '../ops/rope'
import { scatterRows } from '../ops/scatter-rows'
import type { Tape } from '../ops/tape'
import type { Changes, Linear } from './linear'
import type { Norm } from './norm'
import type { Packed } from './packed'
import type { Projection } from './projection'

export interface SelfAttentionOptions {
  /** D */
  readonly headSize: number
  /** Factor of the products of queries and keys. Default: 1/√D. */
  readonly scale?: number
  /** Rotates queries and keys by their positions. */
  readonly rotary?: RopeTable | null
  /** Normalizes each head of the queries, and of the keys, before they are rotated. */
  readonly headNorms?: { readonly q: Norm; readonly k: Norm } | null
}

interface KeysValues {
  readonly k: Tensor
  readonly v: Tensor
}

/** Self-attention over packed sequences, with grouped key-value heads where there are fewer of them than heads. */
export class SelfAttention {
  readonly linears: readonly Linear[]

  constructor(
    readonly projection: Projection,
    readonly output: Linear,
    readonly options: SelfAttentionOptions,
  ) {
    this.linears = [...projection.linears, output]
  }

  /**
   * x [T, C] → [T, C].
   *
   * @param ranges which keys each query sees, u32 [T, 4]; see `attention`
   * @param cache this layer's keys and values [S, G, D]; filled at `packed.slots`, then read in place of
   *   the tokens' own
   * @param prefix this layer's keys and values [P, G, D] of tokens that all sequences begin with; no gradient
   */
  forward(
    tape: Tape,
    x: Tensor,
    { positions, slots }: Packed,
    ranges: Tensor,
    {
      changes,
      cache,
      prefix,
    }: { changes: Changes | null; cache: KeysValues | null; prefix: KeysValues | null },
  ): Tensor {
    const { rotary, headNorms, headSize, scale } = this.options
    let [q, k, v] = this.projection.forward(tape, x, changes)
    if (headNorms) {
      const byHead = (norm: Norm, y: Tensor) =>
        norm(tape, y.view([y.size / headSize, headSize])).view(y.shape)
      q = byHead(headNorms.q, q)
      k = byHead(headNorms.k, k)
    }
    if (rotary) {
      q = rope(tape, q, positions, rotary)
      k = rope(tape, k, positions, rotary)
    }
    if (cache) {
      if (!slots) throw new ShapeError('SelfAttention: a cache needs packed.slots')
      const rows = (y: Tensor) => y.view([y.shape[0]!, y.shape[1]! * y.shape[2]!])
      scatterRows(tape.gpu, rows(k), slots, rows(cache.k))
      scatterRows(tape.gpu, rows(v), slots, rows(cache.v))
      ;({ k, v } = cache)
    }
    const scaled = scale === undefined ? {} : { scale }
    const mixed = prefix
      ? attentionWithPrefix(tape, q, prefix, k, v, ranges, scaled)
      : attention(tape, q, k, v, ranges, scaled)
    return this.output.forward(tape, mixed.view([x.shape[0]!, q.shape[1]! * headSize]), changes)
  }
}
