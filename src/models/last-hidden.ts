import { gather } from '../ops/gather'
import type { CausalNetwork } from './causal-network'
import { eachPooledHidden, type HiddenGroup, type HiddenOptions } from './pooled-hidden'

/**
 * The hidden state of each sequence's last token, after the final norm; see `eachPooledHidden`.
 *
 * @param visit handles a group; the next is computed when it has finished
 */
export function eachLastHidden(
  network: CausalNetwork,
  sequences: readonly ArrayLike<number>[],
  options: HiddenOptions,
  visit: (group: HiddenGroup) => Promise<void>,
): Promise<void> {
  return eachPooledHidden(
    network,
    sequences,
    options,
    (tape, states, starts, lengths) => {
      using lasts = network.gpu.tensor(
        [starts.length],
        Uint32Array.from(starts, (start, n) => start + lengths[n]! - 1),
      )
      return gather(tape, states, lasts)
    },
    visit,
  )
}
