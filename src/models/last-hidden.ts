import type { Tensor } from '../gpu/tensor'
import type { LoraMap } from '../nn/linear'
import { pack, uploadPacked } from '../nn/packed'
import { gather } from '../ops/gather'
import { Tape } from '../ops/tape'
import type { CausalNetwork } from './causal-network'

export interface LastHiddenOptions {
  readonly adapter?: LoraMap | null
  /** Tokens of one forward pass; a longer sequence goes alone. */
  readonly batchTokens?: number
  readonly signal?: AbortSignal
}

/** Hidden states of a group of sequences: row i of `hidden` [n, C] belongs to sequence `indices[i]`. */
export interface HiddenGroup {
  readonly hidden: Tensor
  readonly indices: readonly number[]
  /** Owns `hidden`, and frees what is made with it after the group has been handled. */
  readonly tape: Tape
}

/**
 * The hidden state of each sequence's last token, after the final norm. Sequences are packed in order of length,
 * so the groups come in another order than the sequences.
 *
 * @param visit handles a group; the next is computed when it has finished
 */
export async function eachLastHidden(
  network: CausalNetwork,
  sequences: readonly ArrayLike<number>[],
  { adapter = null, batchTokens = 4096, signal }: LastHiddenOptions,
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
    const arrays = pack(indices.map(i => sequences[i]!))
    using tape = new Tape(gpu, { grad: false })
    using packed = uploadPacked(gpu, arrays)
    using lasts = gpu.tensor(
      [indices.length],
      Uint32Array.from(indices, (i, n) => arrays.starts[n]! + sequences[i]!.length - 1),
    )
    const hidden = gather(tape, network.forward(tape, packed, { adapter }), lasts)
    await visit({ hidden, indices, tape })
    begin = end
  }
}
