import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { KvCache } from '../nn/kv-cache'
import type { LoraMap } from '../nn/linear'
import { type Packed, type PackedArrays, pack, uploadPacked } from '../nn/packed'
import { Tape } from '../ops/tape'
import type { ForwardOptions } from './causal-network'

/** What gives packed sequences their states: a causal network, or an encoder, which lays them out in its own way. */
export interface StateNetwork {
  readonly gpu: Gpu
  pack?(sequences: readonly ArrayLike<number>[]): PackedArrays
  forward(tape: Tape, packed: Packed, options?: ForwardOptions): Tensor
}

export interface HiddenOptions {
  readonly adapter?: LoraMap | null
  /** Tokens of one forward pass; a longer sequence goes alone. */
  readonly batchTokens?: number
  readonly signal?: AbortSignal
  /** Keys and values of what all sequences begin with: they are given, and pooled, without it. */
  readonly after?: KvCache | null
}

/** Hidden states of a group of sequences: row i of `hidden` [n, C] belongs to sequence `indices[i]`. */
export interface HiddenGroup {
  readonly hidden: Tensor
  readonly indices: readonly number[]
  /** Owns `hidden`, and frees what is made with it after the group has been handled. */
  readonly tape: Tape
}

/**
 * Makes one state of each sequence's: states [T, C] of all tokens of a group, and where each sequence begins
 * and how long it is → [n, C], owned by the tape.
 */
export type Pooling = (
  tape: Tape,
  states: Tensor,
  starts: readonly number[],
  lengths: readonly number[],
) => Tensor

/**
 * One state for each sequence, made by `pooling` of the last ones of its tokens, after the final norm. Sequences are
 * packed in order of length, so the groups come in another order than the sequences.
 *
 * @param visit handles a group; the next is computed when it has finished
 */
export async function eachPooledHidden(
  network: StateNetwork,
  sequences: readonly ArrayLike<number>[],
  { adapter = null, batchTokens = 4096, signal, after = null }: HiddenOptions,
  pooling: Pooling,
  visit: (group: HiddenGroup) => Promise<void>,
): Promise<void> {
  const { gpu } = network
  const order = sequences
    .map((_, i) => i)
    .sort((a, b) => sequences[a]!.length - sequences[b]!.length || a - b)
  for (let begin = 0; begin < order.length; ) {
    signal?.throwIfAborted()
    let end = begin + 1
    let tokens = sequences[order[begin]!]!.length
    while (end < order.length && tokens + sequences[order[end]!]!.length <= batchTokens) {
      tokens += sequences[order[end++]!]!.length
    }
    const indices = order.slice(begin, end)
    const group = indices.map(i => sequences[i]!)
    const arrays = network.pack?.(group) ?? pack(group)
    if (after)
      arrays.positions.forEach((place, t) => {
        arrays.positions[t] = place + after.slots
      })
    using tape = new Tape(gpu, { grad: false })
    using packed = uploadPacked(gpu, arrays)
    const states = network.forward(tape, packed, { adapter, prefix: after })
    const lengths = group.map(({ length }) => length)
    await visit({ hidden: pooling(tape, states, arrays.starts, lengths), indices, tape })
    begin = end
  }
}
