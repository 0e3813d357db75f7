import type { KvCache } from '../nn/kv-cache'
import type { LoraMap } from '../nn/linear'
import { pack, uploadPacked } from '../nn/packed'
import { Tape } from '../ops/tape'
import type { CausalNetwork } from './causal-network'

/** Keys and values of tokens that sequences begin with, for `ForwardOptions.prefix`. The caller disposes them. */
export function prefixCache(
  network: CausalNetwork,
  prefix: ArrayLike<number>,
  adapter: LoraMap | null,
): KvCache {
  const { gpu } = network
  using tape = new Tape(gpu, { grad: false })
  using packed = uploadPacked(gpu, pack([prefix]))
  const cache = network.cache(prefix.length)
  try {
    network.forward(tape, { ...packed, slots: packed.positions }, { adapter, cache })
  } catch (error) {
    cache[Symbol.dispose]()
    throw error
  }
  return cache
}

/** Whether a sequence begins with these tokens. */
export function startsWith(ids: ArrayLike<number>, prefix: ArrayLike<number>): boolean {
  for (let t = 0; t < prefix.length; t++) if (ids[t] !== prefix[t]) return false
  return prefix.length <= ids.length
}
