import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hashedNgrams, hashedNgramVector } from '../../src/embedding/hashed-ngrams'
import { answerSimilarities, dissimilarAnswers } from '../../src/selection/dissimilar-answers'
import { select } from '../../src/selection/selector'
import { test } from '../gpu'
import { outcomes, sortedBy } from '../reference/outcomes'
import { cosine } from '../reference/similarity'
import { asBudget, decided, numberOr, pairs, withBudget } from './items'

it('keeps the pairs whose answers are least alike', async () => {
  await fc.assert(
    fc.asyncProperty(
      withBudget(pairs),
      fc.constantFrom(-1, -0.5, 0, 0.5, 1),
      async ({ items, wish }, maxSimilarity) => {
        const compared = items.map(({ implicitMargin, ...pair }) => ({
          ...pair,
          ...(implicitMargin === undefined ? {} : { answerSimilarity: implicitMargin }),
          tokens: (pair.chosenTokens ?? NaN) + (pair.rejectedTokens ?? NaN),
        }))
        const known = compared.filter(({ answerSimilarity }) => Number.isFinite(answerSimilarity))
        const alike = ({ answerSimilarity }: { answerSimilarity?: unknown }) => numberOr(answerSimilarity)
        const unlike = known.filter(pair => alike(pair) <= maxSimilarity)
        const want = outcomes(compared, sortedBy(unlike, alike), wish, pair => ({
          kind: known.includes(pair) ? 'excluded' : 'invalid',
        }))
        const selector = dissimilarAnswers({ maxSimilarity, budget: asBudget(wish) })
        expect(await decided(compared, selector)).toEqual(want)
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

test('compares the answers of every pair', async ({ gpu }) => {
  const answers = Array.from({ length: 150 }, (_, i) => ({
    chosen: i === 7 ? '' : `The answer is ${i}.`,
    rejected: i % 3 === 0 ? `The answer is ${i}.` : `Number ${i * i} it is!`,
  }))
  const got = await answerSimilarities(hashedNgrams(gpu), answers)
  const want = answers.map(({ chosen, rejected }, i) =>
    i === 7
      ? { missing: "an answer's embedding is zero" }
      : cosine(hashedNgramVector(chosen), hashedNgramVector(rejected)),
  )
  expect(got).toEqual(want)
  expect(await answerSimilarities(hashedNgrams(gpu), [])).toEqual([])
  const broken = {
    ...hashedNgrams(gpu),
    dimensions: 2,
    embed: async () => gpu.tensor([2, 2], Float32Array.of(1, NaN, 1, 0)),
  }
  expect(await answerSimilarities(broken, [{ chosen: 'a', rejected: 'b' }])).toEqual([
    { missing: "an answer's embedding is not finite" },
  ])
})

it('says how alike the answers are, and what it cannot take', async () => {
  const items = [
    { index: 0, id: 'a', answerSimilarity: 0.95 },
    { index: 1, id: 'b', answerSimilarity: 0.9 },
    { index: 2, id: 'c' },
  ]
  const { outcomes } = await select({ items }, dissimilarAnswers({ maxSimilarity: 0.9 }))
  expect(outcomes.map(({ value, decision }) => [value, decision])).toEqual([
    [0.95, { kind: 'excluded', reason: 'its answers are too alike: cosine 0.95, above 0.9' }],
    [0.9, { kind: 'kept', rank: 0 }],
    [null, { kind: 'invalid', reason: "its answers' similarity is not known" }],
  ])
  expect(() => dissimilarAnswers({ maxSimilarity: 1.1 })).toThrow(/dissimilar-answers: maxSimilarity is 1.1/)
  expect(() => dissimilarAnswers({ maxSimilarity: 1, budget: -1 })).toThrow(
    /dissimilar-answers: budget is -1/,
  )
})
