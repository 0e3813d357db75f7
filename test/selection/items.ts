import fc from 'fast-check'
import { expect } from 'vitest'
import type { Budget } from '../../src/selection/budget'
import type { Candidate, PairItem, PoolItem } from '../../src/selection/pool'
import { type Selector, select } from '../../src/selection/selector'
import type { Wish } from '../reference/budget'
import type { PlainOutcome } from '../reference/outcomes'

/** The fields that are not undefined. */
const present = <T extends object>(record: T) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  }

/** Few values, so that many are equal, and everything that is no finite number. */
export const scores = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -2, max: 4 }).map(n => n / 2) },
  { weight: 2, arbitrary: fc.double({ min: -5, max: 5, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, -0, { missing: 'the scorer failed' }) },
)

const lengths = fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 400 }))

export const TEXTS = [
  '',
  'a',
  'a ',
  'A',
  'ä',
  'a\u0308',
  'the sea',
  'The sea.',
  'sea sea the sea',
  '…',
  '\n \t',
  'x_1 + y',
]

/** Places in the file: distinct, in any order, with gaps. */
const indices = (n: number) => fc.uniqueArray(fc.nat({ max: 3 * n + 1 }), { minLength: n, maxLength: n })

const filed = <T extends object>(contents: fc.Arbitrary<T>) =>
  fc.array(contents, { maxLength: 16 }).chain(list =>
    fc
      .record({
        places: indices(list.length),
        ids: fc.array(fc.oneof(fc.constantFrom('a', 'b'), fc.string()), {
          minLength: list.length,
          maxLength: list.length,
        }),
      })
      .map(({ places, ids }) =>
        list.map((content, i) => ({ index: places[i]!, id: ids[i]!, ...present(content) })),
      ),
  )

/** Pools of rows; of `sized` ones every row has its length. */
export const rows = ({ sized }: { sized: boolean }): fc.Arbitrary<PoolItem[]> =>
  filed(
    fc.record({
      score: scores,
      text: fc.constantFrom(...TEXTS),
      content: fc.option(fc.constantFrom('1', '2'), { nil: undefined, freq: 4 }),
      tokens: sized
        ? lengths
        : fc.oneof(
            { weight: 4, arbitrary: lengths },
            { weight: 1, arbitrary: fc.constantFrom(undefined, NaN, -1, Infinity) },
          ),
      source: fc.constantFrom(undefined, '', 'forum', 'code', 'wiki'),
    }),
  )

/** Pools of pairs; of `sized` ones every pair has its lengths. */
export const pairs = ({ sized }: { sized: boolean }): fc.Arbitrary<PairItem[]> => {
  const perhaps = fc.oneof({ weight: 9, arbitrary: scores }, { weight: 1, arbitrary: fc.constant(undefined) })
  const length = sized
    ? lengths
    : fc.oneof({ weight: 9, arbitrary: lengths }, { weight: 1, arbitrary: fc.constant(undefined) })
  return filed(
    fc.record({
      implicitMargin: perhaps,
      chosenReward: perhaps,
      rejectedReward: perhaps,
      chosenTokens: length,
      rejectedTokens: length,
    }),
  )
}

export const rowWishes: fc.Arbitrary<Wish> = fc.oneof(
  fc.oneof(fc.nat({ max: 18 }), fc.constant(Infinity)).map(rows => ({ rows })),
  fc.nat({ max: 100 }).map(percent => ({ percent })),
)
export const tokenWishes: fc.Arbitrary<Wish> = fc
  .oneof(fc.nat({ max: 30 }), fc.nat({ max: 2000 }), fc.constant(Infinity))
  .map(tokens => ({ tokens }))

/** A pool with a budget that it can be measured by. */
export const withBudget = <Item>(make: (options: { sized: boolean }) => fc.Arbitrary<Item[]>) =>
  fc.oneof(
    fc.record({ items: make({ sized: false }), wish: rowWishes }),
    fc.record({ items: make({ sized: true }), wish: tokenWishes }),
  )

export const asBudget = (wish: Wish): Budget =>
  'rows' in wish ? wish.rows : 'percent' in wish ? { fraction: wish.percent / 100 } : wish

export const seeds = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 32, Number.MAX_SAFE_INTEGER))

/** Selects, checks that every reason has words, and takes them off. */
export async function decided<Item extends Candidate>(
  items: readonly Item[],
  selector: Selector<Item>,
): Promise<PlainOutcome[]> {
  const { outcomes } = await select({ items }, selector)
  return outcomes.map(({ index, position, decision }) => {
    if (!('reason' in decision)) return { index, position, decision }
    expect(decision.reason).toMatch(/^it|^not drawn|^the scorer failed$/)
    return { index, position, decision: { kind: decision.kind } }
  })
}

export const numberOr = (score: unknown): number => (typeof score === 'number' ? score : NaN)
