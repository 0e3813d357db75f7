import { describe, expect, it } from 'vitest'
import { compareRuns } from '../../src/evaluation/compare-runs'

const rewards = (chosen: number, rejected: number, prefix = '') => ({
  [`${prefix}rewards/chosen`]: chosen,
  [`${prefix}rewards/rejected`]: rejected,
  [`${prefix}rewards/accuracies`]: chosen > rejected ? 1 : 0,
  [`${prefix}rewards/margins`]: chosen - rejected,
})
const accuracies = (before: Record<string, number>, after: Record<string, number>) =>
  compareRuns({ name: 'before', metrics: before }, { name: 'after', metrics: after }).metrics.filter(
    ({ name }) => name.endsWith('accuracies'),
  )

describe('compareRuns', () => {
  it.each(['', 'eval_'])('has no reward accuracy (%s) of a model that is its own reference', prefix => {
    const name = `${prefix}rewards/accuracies`
    const own = rewards(0, 0, prefix)
    expect(accuracies(own, rewards(1, -1, prefix))).toEqual([{ name, before: null, after: 1, change: null }])
    expect(accuracies(rewards(-1, 1, prefix), own)).toEqual([{ name, before: 0, after: null, change: null }])
  })

  it('has that of a model whose rewards are equal, or which has a reference of its own', () => {
    const name = 'rewards/accuracies'
    const one = { name, before: 0, after: 1, change: 1 }
    expect(accuracies(rewards(-2, -2), rewards(1, 0))).toEqual([one])
    expect(accuracies(rewards(-2, -1), rewards(1, 0))).toEqual([one])
  })
})
