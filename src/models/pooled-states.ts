import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { scatterRows } from '../ops/scatter-rows'
import type { HiddenGroup } from './pooled-hidden'

/**
 * One vector for each sequence of tokens, made of its hidden states: [N, C]. A sequence without a token has
 * none; its vector is zero, which selection reports.
 *
 * @param each gives the vectors of sequences that have tokens, group by group
 */
export async function pooledStates(
  { gpu, hidden: C }: { readonly gpu: Gpu; readonly hidden: number },
  sequences: readonly ArrayLike<number>[],
  each: (
    sequences: readonly ArrayLike<number>[],
    visit: (group: HiddenGroup) => Promise<void>,
  ) => Promise<void>,
): Promise<Tensor> {
  const vectors = gpu.zeros([sequences.length, C])
  const filled = [...sequences.keys()].filter(i => sequences[i]!.length > 0)
  try {
    await each(
      filled.map(i => sequences[i]!),
      async ({ hidden, indices }) => {
        using rows = gpu.tensor(
          [indices.length],
          Uint32Array.from(indices, k => filled[k]!),
        )
        scatterRows(gpu, hidden, rows, vectors)
        // A turn for the event loop, so that an abort can arrive, and no more than a group waits for the GPU.
        await gpu.idle()
      },
    )
    return vectors
  } catch (error) {
    vectors[Symbol.dispose]()
    throw error
  }
}
