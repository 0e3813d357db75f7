import type { Tensor } from '../gpu/tensor'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import type { eachLastHidden } from '../models/last-hidden'
import type { EmbedOptions } from './embedder'

export interface PooledStatesOptions extends EmbedOptions {
  readonly adapter: LoraMap | null
}

/**
 * One vector for each sequence of tokens, made of its hidden states: [N, C]. A sequence without a token has
 * none; its vector is zero, which selection reports.
 *
 * @param each how the states of a sequence become one
 */
export async function pooledStates(
  network: CausalNetwork,
  sequences: readonly ArrayLike<number>[],
  each: typeof eachLastHidden,
  { adapter, signal }: PooledStatesOptions,
): Promise<Tensor> {
  const { gpu, hidden: C } = network
  const vectors = new Float32Array(sequences.length * C)
  const filled = sequences.flatMap((ids, i) => (ids.length > 0 ? [i] : []))
  await each(
    network,
    filled.map(i => sequences[i]!),
    { adapter, ...(signal ? { signal } : {}) },
    async ({ hidden, indices }) => {
      const values = await gpu.read(hidden)
      indices.forEach((k, n) => {
        vectors.set(values.subarray(n * C, (n + 1) * C), filled[k]! * C)
      })
    },
  )
  return gpu.tensor([sequences.length, C], vectors)
}
