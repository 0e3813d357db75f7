import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst } from './keep-first'
import { externalGap, implicitGap, sized } from './pair-gaps'
import type { PairItem } from './pool'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface MarginOptions {
  /** Whose gap: the model's own against its reference, or an external judge's. */
  readonly of: 'implicit' | 'external'
  /** The largest gaps first, the smallest first, or those from `low` to `high`, both included. */
  readonly keep: 'large' | 'small' | { readonly low: number; readonly high: number }
  /** Tokens are those of both answers. */
  readonly budget: Budget
}

/**
 * Pairs by the gap between their answers' rewards; see `implicitGap` and `externalGap`.
 *
 * What to keep is disputed, so all three are here: large gaps, which are less likely to be noise (Deng et al.
 * 2025, arXiv 2502.14560, who join several margins), or small ones, which are hard (Qi et al. 2025, arXiv
 * 2508.04149). Gaps have a sign: the smallest are the most negative, where the judge prefers the rejected answer.
 * Of a band those nearest to its middle come first. Equal ones are taken by index. The value of an outcome is the
 * gap.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function margin({ of, keep, budget }: MarginOptions): Selector<PairItem> {
  checkBudget('margin', budget)
  if (of !== 'implicit' && of !== 'external') {
    throw new SelectionError(`margin: of is ${of}, expected 'implicit' or 'external'`)
  }
  const gapOf = of === 'implicit' ? implicitGap : externalGap
  const { low, high, keyOf } = ordering(keep)
  return {
    name: `margin-${of}`,
    async select({ items }, options) {
      const pairs = sized(items)
      const meter = budgetMeter('margin', budget, pairs)
      return keepFirst(
        pairs,
        pair => meter.take(pair),
        (_, place) => {
          const gap = gapOf(items[place]!)
          if (typeof gap !== 'number') return invalid(gap.missing)
          if (gap < low) return excluded(`its ${of} margin ${gap} is below ${low}`, gap)
          if (gap > high) return excluded(`its ${of} margin ${gap} is above ${high}`, gap)
          return { key: keyOf(gap), value: gap }
        },
        options,
      )
    },
  }
}

function ordering(keep: MarginOptions['keep']) {
  const all = { low: -Infinity, high: Infinity }
  if (keep === 'large') return { ...all, keyOf: (gap: number) => -gap }
  if (keep === 'small') return { ...all, keyOf: (gap: number) => gap }
  if (typeof keep !== 'object' || keep === null) {
    throw new SelectionError(`margin: keep is ${keep}, expected 'large', 'small' or { low, high }`)
  }
  const { low, high } = keep
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high)) {
    throw new SelectionError(
      `margin: the band is ${low} to ${high}, expected two finite numbers with low ≤ high`,
    )
  }
  const middle = low / 2 + high / 2
  return { low, high, keyOf: (gap: number) => Math.abs(gap - middle) }
}
