import { describe, expect, test } from 'vitest'
import { budgetFor, defaultJobOptions, jobLosses } from '../../src/job/options'
import { evaluate, JobError, trainOptions } from '../../src/job/train-pairs'

describe('budgetFor', () => {
  test('is a tenth of the rows, rounded up, and at most 6000', () => {
    expect([0, 1, 10, 11, 999, 59_999, 60_001].map(rows => budgetFor({ budget: null }, rows))).toEqual([
      0, 1, 1, 2, 100, 6000, 6000,
    ])
  })

  test('is what was asked for, 0 and more than there are included', () => {
    expect([0, 7, 1e6].map(budget => budgetFor({ budget }, 10))).toEqual([0, 7, 1e6])
  })
})

describe('trainOptions', () => {
  test('hands every option on', () => {
    const options = {
      ...defaultJobOptions,
      ...{ loss: 'sampo', beta: 0.3, rank: 5, learningRate: 2e-4, epochs: 3, steps: 17 },
      ...{ batchSize: 6, accumulation: 7, warmupRatio: 0.5, seed: 8, recompute: true },
    }
    const { schedule, loss, ...rest } = trainOptions(options)
    expect(rest).toEqual({
      lora: { rank: 5, seed: 8 },
      learningRate: 2e-4,
      epochs: 3,
      batchSize: 6,
      accumulation: 7,
      recompute: true,
      seed: 8,
      maxSteps: 17,
    })
    expect(loss).toMatchObject({ name: 'sampo', beta: 0.3 })
    expect(schedule!(1, 8)).toBe(1 / 4)
  })

  test('has no most steps where all are wanted', () => {
    expect(trainOptions(defaultJobOptions)).not.toHaveProperty('maxSteps')
  })

  test('knows the losses by their own names, and no other', () => {
    for (const loss of Object.keys(jobLosses))
      expect(trainOptions({ ...defaultJobOptions, loss }).loss.name).toBe(loss)
    for (const loss of ['ipo', '', 'constructor'])
      expect(() => trainOptions({ ...defaultJobOptions, loss })).toThrow(
        new JobError(`loss is '${loss}', expected one of dpo, sampo`),
      )
  })
})

test('an evaluation is of sums a pair, and ties are no wins', () => {
  const pair = (chosen: number[], rejected: number[]) => ({
    chosen: Float32Array.from(chosen),
    rejected: Float32Array.from(rejected),
  })
  expect(evaluate([pair([-1, -2], [-4]), pair([-3], [-1, -2]), pair([-6], [-5]), pair([0], [-1])])).toEqual({
    'logps/chosen': -3,
    'logps/rejected': -3.25,
    accuracy: 0.5,
    pairs: 4,
  })
})
