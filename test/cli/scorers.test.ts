import { expect, test } from 'vitest'
import { judgement, scorers } from '../../src/cli/scorers'
import { trainUsage } from '../../src/cli/train-arguments'
import { product } from '../../src/scoring/combine'

test('a judge finds the least surprising answer the best, and otherwise that with the highest scores', () => {
  const better = (name: string) => {
    const { combine = product } = judgement(name)
    const worth = (score: number) => combine.of(scorers[name]!.keys.map(() => score)) as number
    return worth(3) > worth(2)
  }
  const turned = Object.keys(scorers).filter(name => !better(name))
  expect(turned).toEqual(['ifd', 'perplexity'])
  expect(trainUsage).toContain('ranks the answers that rounds sample; of ifd and perplexity the lowest')
})
