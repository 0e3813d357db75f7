import {
  type BetaDpoFilter,
  type BetaDpoState,
  betaDpoStart,
  betaDpoWeights,
  checkFilter,
  statistics,
} from './beta-dpo-weights'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst, type Standing } from './keep-first'
import { implicitGap, sized } from './pair-gaps'
import type { PairItem } from './pool'
import { checkSeed, randomKey } from './random-key'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

export interface BetaDpoOptions extends BetaDpoFilter {
  readonly seed: number
  readonly batchSize?: number
  /** The averages to start with; those of all pairs, unless given. */
  readonly start?: BetaDpoState
  /** Tokens are those of both answers. */
  readonly budget?: Budget
}

/**
 * β-DPO's filter over a file: it leaves out the pairs whose implicit margins stand out; see `betaDpoWeights`.
 *
 * Pairs with a known implicit margin are put in an order drawn with the seed, which gives their positions, and go
 * by in batches; a last, smaller one is treated like the others. The drawn ones are taken in that order. The value
 * of an outcome is the margin. While a model is trained its margins change, and with them what is left out: there,
 * call `betaDpoWeights` for each batch.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function betaDpo({
  seed,
  batchSize = 64,
  drop = 0.2,
  momentum = 0.9,
  start,
  budget = Infinity,
}: BetaDpoOptions): Selector<PairItem> {
  checkBudget('beta-dpo', budget)
  checkSeed('beta-dpo', seed)
  checkFilter({ drop, momentum })
  if (!(Number.isSafeInteger(batchSize) && batchSize > 0)) {
    throw new SelectionError(`beta-dpo: batchSize is ${batchSize}, expected a positive whole number`)
  }
  if (start && !(Number.isFinite(start.mean) && start.deviation >= 0 && start.deviation < Infinity)) {
    throw new SelectionError(
      `beta-dpo: start has mean ${start.mean} and deviation ${start.deviation}, expected finite numbers, the second not below 0`,
    )
  }
  return {
    name: 'beta-dpo',
    async select({ items }, options) {
      const pairs = sized(items)
      const meter = budgetMeter('beta-dpo', budget, pairs)
      const gaps = items.map(implicitGap)
      const standings = gaps.map(
        (gap, place): Standing =>
          typeof gap === 'number'
            ? { key: randomKey(seed, 'beta-dpo order', items[place]!.id), value: gap }
            : invalid(gap.missing),
      )
      const order = keepFirst(
        pairs,
        () => true,
        (_, place) => standings[place]!,
        {},
      )
        .flatMap(({ position }, place) => (position === null ? [] : { position, place }))
        .sort((a, b) => a.position - b.position)
        .map(({ place }) => place)
      const marginAt = (place: number) => gaps[place] as number
      let state = start ?? (order.length > 0 ? statistics(order.map(marginAt)) : betaDpoStart)
      for (let begin = 0; begin < order.length; begin += batchSize) {
        const batch = order.slice(begin, begin + batchSize)
        const drawn = betaDpoWeights(batch.map(marginAt), state, {
          drop,
          momentum,
          uniform: i => randomKey(seed, 'beta-dpo draw', items[batch[i]!]!.id),
        })
        state = drawn.state
        const kept = new Set(drawn.kept)
        for (const [i, place] of batch.entries()) {
          if (!kept.has(i)) standings[place] = excluded(notDrawn(marginAt(place), state), marginAt(place))
        }
      }
      return keepFirst(
        pairs,
        pair => meter.take(pair),
        (_, place) => standings[place]!,
        options,
      )
    },
  }
}

function notDrawn(margin: number, { mean, deviation }: BetaDpoState): string {
  const away = deviation > 0 ? `${(Math.abs(margin - mean) / deviation).toFixed(1)} deviations` : 'away'
  return `not drawn from its batch: its implicit margin ${margin} is ${away} from the mean ${mean}`
}
