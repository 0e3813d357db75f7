import type { LoraMap } from '../nn/linear'
import { gather } from '../ops/gather'
import type { CausalNetwork } from './causal-network'
import { eachPooledHidden, type HiddenGroup, type HiddenOptions, type Pooling } from './pooled-hidden'
import { prefixCache, startsWith } from './prefix-cache'

export interface LastHiddenOptions extends Omit<HiddenOptions, 'after'> {
  readonly adapter?: LoraMap | null
  /** Tokens that many sequences begin with, a template's: computed once for all of them. */
  readonly prefix?: ArrayLike<number>
}

/** Fewer tokens are not worth a second pass of attention. */
const SHORTEST_PREFIX = 8

/**
 * The hidden state of each sequence's last token, after the final norm; see `eachPooledHidden`. What a sequence gets
 * does not depend on the others, not in its last bit; with a prefix it differs by rounding from what it gets without.
 *
 * @param visit handles a group; the next is computed when it has finished
 */
export async function eachLastHidden(
  network: CausalNetwork,
  sequences: readonly ArrayLike<number>[],
  { prefix = [], ...options }: LastHiddenOptions,
  visit: (group: HiddenGroup) => Promise<void>,
): Promise<void> {
  const last: Pooling = (tape, states, starts, lengths) => {
    using lasts = network.gpu.tensor(
      [starts.length],
      Uint32Array.from(starts, (start, n) => start + lengths[n]! - 1),
    )
    return gather(tape, states, lasts)
  }
  const P = prefix.length
  // Only by the sequence itself, never by how many there are: they would change each other's bits.
  const shares = (ids: ArrayLike<number>) =>
    P >= SHORTEST_PREFIX && ids.length > P && ids.length <= network.window && startsWith(ids, prefix)
  const indices = sequences.map((_, i) => i)
  const [shared, alone] = [true, false].map(wanted => indices.filter(i => shares(sequences[i]!) === wanted))
  const each = (chosen: readonly number[], skip: number, more: HiddenOptions) =>
    eachPooledHidden(
      network,
      chosen.map(i => Array.prototype.slice.call(sequences[i], skip)),
      more,
      last,
      group => visit({ ...group, indices: group.indices.map(i => chosen[i]!) }),
    )
  if (shared!.length > 0) {
    using cache = prefixCache(network, prefix, options.adapter ?? null)
    await each(shared!, P, { ...options, after: cache })
  }
  if (alone!.length > 0) await each(alone!, 0, options)
}
