import type { TokenChoice } from '../../src/losses/loss'
import golden from '../fixtures/preference-losses.json'
import type { Examples, Sequence } from './run-loss'

/** A case of make_preference_losses.py; see there. */
export interface GoldenCase {
  readonly name: string
  readonly loss_type: string
  readonly params: {
    readonly beta: number
    readonly eps: number
    readonly f: 'forward_kl' | 'js_divergence' | 'alpha_divergence'
    readonly ld: number
    readonly gamma: number
    readonly nll: number
    readonly lambda: number
    readonly alpha: number
    readonly desirable: number
    readonly undesirable: number
    readonly sampo: number[][]
    readonly sampo_reference?: number[][]
  }
  readonly policy_logps: number[][]
  readonly ref_logps: number[][]
  readonly mask: number[][]
  readonly attention?: number[][]
  readonly log_sum_sq_probs?: number[][]
  readonly labels?: number[]
  readonly kl?: number
  readonly loss: number
  readonly per_pair_loss?: number[]
  readonly rewards_chosen?: number[]
  readonly rewards_rejected?: number[]
  readonly grad_policy_logps: number[][]
}

export const goldenCases = golden.cases as unknown as readonly GoldenCase[]

export const isPairs = ({ name, labels }: GoldenCase) => !labels && !name.startsWith('sequences')

/** The rows of a case in the order of sequences: chosen and rejected in turn, or as they are. */
export const rowsOf = (c: GoldenCase): readonly number[] => {
  const n = c.mask.length / 2
  return isPairs(c) ? c.mask.map((_, s) => (s % 2 === 0 ? s / 2 : n + (s - 1) / 2)) : [...c.mask.keys()]
}

/** The positions that count in a row: the prompt's but the first, if there is one, and the answer's. */
const positions = ({ mask, attention }: GoldenCase, row: number) => {
  const answer = mask[row]!.flatMap((on, t) => (on ? [t] : []))
  const prompt = attention
    ? attention[row]!.flatMap((on, t) => (on && t > 0 && !mask[row]![t] ? [t] : []))
    : []
  return { answer, prompt }
}

export function examplesOf(c: GoldenCase): Examples {
  const sequences = rowsOf(c).map((row): Sequence => {
    const { answer, prompt } = positions(c, row)
    const of = (values: readonly number[][], places: readonly number[]) => places.map(t => values[row]![t]!)
    const squares = c.log_sum_sq_probs && { squares: of(c.log_sum_sq_probs, answer) }
    return {
      policy: of(c.policy_logps, answer),
      reference: of(c.ref_logps, answer),
      prompt: of(c.policy_logps, prompt),
      ...squares,
    }
  })
  return {
    sequences,
    ...(c.labels && { labels: c.labels }),
    ...(c.kl !== undefined && { kl: c.kl }),
  }
}

/** The expected gradient as `runLoss` gives it. */
export const gradientOf = (c: GoldenCase): readonly (readonly number[])[] =>
  rowsOf(c).map(row => {
    const { answer, prompt } = positions(c, row)
    return [...prompt, ...answer].map(t => c.grad_policy_logps[row]![t]!)
  })

/** The tokens that a case draws, by the place of the pair. */
export const drawnTokens = (c: GoldenCase): TokenChoice => ({
  name: 'drawn',
  weigh(_chosen, _rejected, { example }) {
    const side = (row: number) => {
      const places = positions(c, row).answer
      const of = (draws: number[][]) => Float32Array.from(places, t => draws[row]![t]!)
      const policy = of(c.params.sampo)
      return {
        policy,
        reference: of(c.params.sampo_reference ?? c.params.sampo),
        length: policy.reduce((a, b) => a + b, 0),
      }
    }
    return { chosen: side(example), rejected: side(c.mask.length / 2 + example) }
  },
})
