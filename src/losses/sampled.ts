import { drawTokens } from './draw'
import type { TokenChoice } from './loss'
import { check } from './options'

export interface SampledOptions {
  /**
   * Whether a token's policy and reference log-prob are drawn together, as in the paper, or each by itself, as in its
   * released code. Then a model equal to its reference has margins other than 0, and the loss much noise.
   */
  readonly draw?: 'shared' | 'independent'
}

/**
 * As many tokens of both answers: the length T_m of the shorter one, drawn uniformly without replacement, anew each
 * epoch. https://arxiv.org/abs/2406.10957 eq. 10. Losses normalized by length divide by T_m.
 *
 * @throws {LossError} if there is no such draw
 */
export function sampled({ draw = 'shared' }: SampledOptions = {}): TokenChoice {
  const known = draw === 'shared' || draw === 'independent'
  check('sampled', 'draw', draw, known, 'shared or independent')
  return {
    name: draw === 'shared' ? 'sampled' : 'sampled independently',
    weigh(chosen, rejected, key) {
      const count = Math.min(chosen, rejected)
      const side = (length: number, n: 0 | 1) => {
        const policy = drawTokens(length, count, key, n)
        const reference = draw === 'shared' ? policy : drawTokens(length, count, key, n === 0 ? 2 : 3)
        return { policy, reference, length: count }
      }
      return { chosen: side(chosen, 0), rejected: side(rejected, 1) }
    },
  }
}
