import type { TokenChoice } from './loss'

/**
 * SamPO without a draw: each answer's mean, times the mean h of both lengths, so that log-ratios are on the scale of
 * whole answers. https://arxiv.org/abs/2406.10957 eq. 9.
 */
export function averaged(): TokenChoice {
  const side = (length: number, h: number) => {
    const factors = new Float32Array(length).fill(h / length)
    return { policy: factors, reference: factors, length: h }
  }
  return {
    name: 'averaged',
    weigh(chosen, rejected) {
      const h = (chosen + rejected) / 2
      return { chosen: side(chosen, h), rejected: side(rejected, h) }
    },
  }
}
