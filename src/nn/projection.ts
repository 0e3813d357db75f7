import type { Tensor } from '../gpu/tensor'
import { split } from '../ops/split'
import type { Tape } from '../ops/tape'
import type { Changes, Linear } from './linear'

/** Makes queries, keys and values of a layer's input. */
export interface Projection {
  readonly linears: readonly Linear[]
  /** x [T, C] → queries [T, H, D], keys and values [T, G, D]. */
  forward(tape: Tape, x: Tensor, changes: Changes | null): readonly [Tensor, Tensor, Tensor]
}

/** One linear layer each. */
export function separate(q: Linear, k: Linear, v: Linear, headSize: number): Projection {
  const heads = (y: Tensor) => y.view([y.shape[0]!, y.shape[1]! / headSize, headSize])
  return {
    linears: [q, k, v],
    forward: (tape, x, changes) => [
      heads(q.forward(tape, x, changes)),
      heads(k.forward(tape, x, changes)),
      heads(v.forward(tape, x, changes)),
    ],
  }
}

/**
 * One linear layer for all three, with as many key-value heads as heads: all queries, all keys, all values one after
 * the other as in GPT-2, or those of each head as in GPT-NeoX (`interleaved`).
 */
export function fused(qkv: Linear, headSize: number, { interleaved = false } = {}): Projection {
  return {
    linears: [qkv],
    forward(tape, x, changes) {
      const y = qkv.forward(tape, x, changes)
      const [T = 0, width = 0] = y.shape
      const heads = width / 3 / headSize
      const rows = interleaved ? y.view([T * heads, 3 * headSize]) : y
      const [q, k, v] = split(tape, rows, 3).map(part => part.view([T, heads, headSize]))
      return [q!, k!, v!]
    },
  }
}
