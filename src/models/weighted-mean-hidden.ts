import { positionWeightedMean } from '../ops/position-weighted-mean'
import type { CausalNetwork } from './causal-network'
import { eachPooledHidden, type HiddenGroup, type HiddenOptions } from './pooled-hidden'

/**
 * The mean of each sequence's hidden states after the final norm, weighted by position; see
 * `positionWeightedMean` and `eachPooledHidden`.
 *
 * @param visit handles a group; the next is computed when it has finished
 */
export function eachWeightedMeanHidden(
  network: CausalNetwork,
  sequences: readonly ArrayLike<number>[],
  options: HiddenOptions,
  visit: (group: HiddenGroup) => Promise<void>,
): Promise<void> {
  const { gpu } = network
  return eachPooledHidden(
    network,
    sequences,
    options,
    (tape, states, starts, lengths) => {
      using from = gpu.tensor([starts.length], Uint32Array.from(starts))
      using count = gpu.tensor([starts.length], Uint32Array.from(lengths))
      return positionWeightedMean(tape, states, from, count)
    },
    visit,
  )
}
