import type { TokenChoice } from './loss'
import { check } from './options'

/**
 * LD-DPO's tokens: those of the longer answer beyond the shorter one's length count α, of the model and of the reference
 * alike. At 1 all tokens count, at 0 both answers are as long. https://arxiv.org/abs/2409.06411; `ld_alpha` in TRL.
 *
 * @throws {LossError} if α is not from 0 to 1
 */
export function lengthDesensitized({ alpha = 0.5 } = {}): TokenChoice {
  check('lengthDesensitized', 'alpha', alpha, alpha >= 0 && alpha <= 1, 'a number from 0 to 1')
  const side = (length: number, shared: number) => {
    const factors = new Float32Array(length).fill(1, 0, shared).fill(alpha, shared)
    return { policy: factors, reference: factors, length }
  }
  return {
    name: 'length-desensitized',
    weigh(chosen, rejected) {
      const shared = Math.min(chosen, rejected)
      return { chosen: side(chosen, shared), rejected: side(rejected, shared) }
    },
  }
}
