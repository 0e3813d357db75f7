import { gumbel } from './random-key'
import { SelectionError } from './selection-error'

/** Moving averages of the batches' margins, in nats: of their means, and of their standard deviations. */
export interface BetaDpoState {
  readonly mean: number
  readonly deviation: number
}

/** What the released code starts with. Its first batches are judged by averages that are far too small. */
export const betaDpoStart: BetaDpoState = { mean: 0, deviation: 0 }

export interface BetaDpoFilter {
  /** Share of each batch that is left out, ρ. */
  readonly drop?: number
  /** Weight of the past in the moving averages, γ. */
  readonly momentum?: number
}

export interface BetaDpoWeightsOptions extends BetaDpoFilter {
  /** DPO's β that the batch's own is made of. */
  readonly beta?: number
  /** How far β follows the margins, a, per nat. */
  readonly scale?: number
  /** A number above 0 and below 1 for each place of the batch, by which the pairs are drawn. */
  readonly uniform: (place: number) => number
}

export interface BetaDpoBatch {
  /** exp(−½ ((A − μ) / σ)²) for each margin A: what the draw is in proportion to. */
  readonly weights: Float64Array
  /** Places of the pairs to train on, ascending. */
  readonly kept: readonly number[]
  /** What to train them with. */
  readonly beta: number
  /** The averages after this batch, for the next one. */
  readonly state: BetaDpoState
}

/** Smallest β, as in the released code. */
const SMALLEST_BETA = 1e-3

/**
 * One batch of β-DPO: which pairs to train on, and with which β (Wu et al. 2024, arXiv 2407.08639, and its
 * released code).
 *
 * μ ← γμ + (1 − γ) mean A, and σ likewise with the standard deviation over n − 1; then ⌊(1 − ρ) n⌋ pairs are drawn
 * without replacement in proportion to exp(−½ ((A − μ) / σ)²); then β ← max(1e-3, β (1 + a (Ā − μ))), Ā being the
 * mean over the drawn. The deviation of one margin counts as 0, and with none drawn β stays. Where σ is 0, a
 * margin that is not μ has weight 0 and comes after those that are. The draw uses the weights' logarithms, so it
 * depends neither on underflow nor on the engine's `exp`.
 *
 * @param margins log-ratio margins A of the batch's pairs in nats; see `implicitGap`
 * @throws {SelectionError} if an option is out of its range, or a margin is no finite number
 */
export function betaDpoWeights(
  margins: ArrayLike<number>,
  state: BetaDpoState,
  { beta = 0.1, scale = 0.6, drop = 0.2, momentum = 0.9, uniform }: BetaDpoWeightsOptions,
): BetaDpoBatch {
  checkFilter({ drop, momentum })
  if (!(beta > 0 && Number.isFinite(beta))) {
    throw new SelectionError(`beta-dpo: beta is ${beta}, expected a number above 0`)
  }
  if (!Number.isFinite(scale)) throw new SelectionError(`beta-dpo: scale is ${scale}, expected a number`)
  const values = Array.from(margins)
  for (const [place, margin] of values.entries()) {
    if (!Number.isFinite(margin)) {
      throw new SelectionError(
        `beta-dpo: margin ${place} is ${margin}; leave out pairs without a finite margin`,
      )
    }
  }
  if (values.length === 0) return { weights: new Float64Array(0), kept: [], beta, state }
  const batch = statistics(values)
  const mean = momentum * state.mean + (1 - momentum) * batch.mean
  const deviation = momentum * state.deviation + (1 - momentum) * batch.deviation
  const logWeights = values.map(margin => logWeight(margin, mean, deviation))
  const keys = logWeights.map((weight, place) => {
    const u = uniform(place)
    if (!(u > 0 && u < 1)) {
      throw new SelectionError(`beta-dpo: uniform(${place}) is ${u}, expected a number between 0 and 1`)
    }
    return weight + gumbel(u)
  })
  const order = [...keys.keys()].sort((a, b) => (keys[a]! > keys[b]! ? -1 : keys[a]! < keys[b]! ? 1 : a - b))
  // Of the decimal that was written, so that a tenth of 10 is 1.
  const count = Math.floor(Number(((1 - drop) * values.length).toPrecision(12)))
  const kept = order.slice(0, count).sort((a, b) => a - b)
  const drawn = kept.length > 0 ? statistics(kept.map(place => values[place]!)).mean : mean
  return {
    weights: Float64Array.from(logWeights, Math.exp),
    kept,
    beta: Math.max(SMALLEST_BETA, beta * (1 + scale * (drawn - mean))),
    state: { mean, deviation },
  }
}

/** @throws {SelectionError} if a share or a weight is out of its range */
export function checkFilter({ drop, momentum }: Required<BetaDpoFilter>): void {
  if (!(drop >= 0 && drop <= 1)) {
    throw new SelectionError(`beta-dpo: drop is ${drop}, expected a share from 0 to 1`)
  }
  if (!(momentum >= 0 && momentum < 1)) {
    throw new SelectionError(`beta-dpo: momentum is ${momentum}, expected 0 or more and less than 1`)
  }
}

/** Mean, and standard deviation over n − 1, of some values. */
export function statistics(values: readonly number[]): BetaDpoState {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0)
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 }
}

function logWeight(margin: number, mean: number, deviation: number): number {
  if (deviation === 0) return margin === mean ? 0 : -Infinity
  const away = (margin - mean) / deviation
  return -0.5 * away * away
}
