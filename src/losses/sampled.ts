import { drawTokens } from './draw'
import type { TokenChoice } from './loss'

/**
 * As many tokens of both answers: the length T_m of the shorter one, drawn uniformly without replacement, anew each
 * epoch. https://arxiv.org/abs/2406.10957 eq. 10.
 */
export const sampled: TokenChoice = {
  name: 'sampled',
  weigh(chosen, rejected, key) {
    const count = Math.min(chosen, rejected)
    const side = (length: number, n: 0 | 1) => {
      const drawn = drawTokens(length, count, key, n)
      return { policy: drawn, reference: drawn, length: count }
    }
    return { chosen: side(chosen, 0), rejected: side(rejected, 1) }
  },
}
