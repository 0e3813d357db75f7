import { sigmoidOf, softplusOf } from './losses-dual'
import type { Answer } from './losses-pairs'

/** Losses of a batch's pairs, and slopes of their sum by the policy's sums, chosen and rejected. */
export interface BatchTwin {
  readonly values: readonly number[]
  readonly slopes: readonly (readonly [number, number])[]
}

type Pairs = readonly (readonly [chosen: Answer, rejected: Answer])[]

const ascending = (keys: readonly number[]) => [...keys.keys()].sort((i, j) => keys[i]! - keys[j]! || i - j)

/** The smoothed logistic loss of h, and its slope. */
const smoothed = (h: number, epsilon: number) => ({
  value: (1 - epsilon) * softplusOf(-h) + epsilon * softplusOf(h),
  slope: -(1 - epsilon) * sigmoidOf(-h) + epsilon * sigmoidOf(h),
})

/** Margins of the model and of the reference, sorted apart and compared in that order. */
export function aot(pairs: Pairs, beta: number, epsilon: number): BatchTwin {
  const model = pairs.map(([c, r]) => c.policy - r.policy)
  const reference = pairs.map(([c, r]) => c.policy - c.ratio - (r.policy - r.ratio))
  const sorted = ascending(reference).map(n => reference[n]!)
  const values: number[] = []
  const slopes: [number, number][] = []
  ascending(model).forEach((n, rank) => {
    const { value, slope } = smoothed(beta * (model[n]! - sorted[rank]!), epsilon)
    values[n] = value
    slopes[n] = [beta * slope, -beta * slope]
  })
  return { values, slopes }
}

/** Log-ratios of chosen and of rejected answers, sorted apart; a loss stands at its chosen answer's pair. */
export function aotUnpaired(pairs: Pairs, beta: number, epsilon: number): BatchTwin {
  const chosen = pairs.map(([c]) => c.ratio)
  const rejected = pairs.map(([, r]) => r.ratio)
  const [above, below] = [ascending(chosen), ascending(rejected)]
  const values: number[] = []
  const slopes = pairs.map((): [number, number] => [0, 0])
  above.forEach((n, rank) => {
    const other = below[rank]!
    const { value, slope } = smoothed(beta * (chosen[n]! - rejected[other]!), epsilon)
    values[n] = value
    slopes[n]![0] = beta * slope
    slopes[other]![1] = -beta * slope
  })
  return { values, slopes }
}

/** The mean of −log σ(β·margin) over the pairs that are kept, as losses of all pairs. */
export function keptPairs(pairs: Pairs, beta: number, kept: readonly number[]): BatchTwin {
  const share = pairs.length / kept.length
  const each = pairs.map(([c, r], n) => {
    const { value, slope } = smoothed(beta * (c.ratio - r.ratio), 0)
    const factor = kept.includes(n) ? share : 0
    return { value: factor * value, slope: factor * beta * slope }
  })
  return { values: each.map(x => x.value), slopes: each.map(({ slope }) => [slope, -slope] as const) }
}

/** KTO's losses of single answers, and their slopes. */
export function kto(
  answers: readonly Answer[],
  labels: readonly number[],
  { beta, kl, desirable, undesirable }: { beta: number; kl: number; desirable: number; undesirable: number },
): { readonly values: readonly number[]; readonly slopes: readonly number[] } {
  const each = answers.map(({ ratio }, n) => {
    const h = beta * (ratio - Math.max(kl, 0))
    const slope = beta * sigmoidOf(h) * sigmoidOf(-h)
    return labels[n]
      ? { value: desirable * (1 - sigmoidOf(h)), slope: -desirable * slope }
      : { value: undesirable * (1 - sigmoidOf(-h)), slope: undesirable * slope }
  })
  return { values: each.map(x => x.value), slopes: each.map(x => x.slope) }
}
