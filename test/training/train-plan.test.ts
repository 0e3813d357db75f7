import { expect, test } from 'vitest'
import { planTraining } from '../../src/training/train-plan'

const units = [[0], [1, 2], [3], [4], [5], [6, 7], [8]]
const options = { epochs: 3, maxSteps: null, batchSize: 2, accumulation: 2, shuffle: true, seed: 1 }
const stepsOf = (plan: ReturnType<typeof planTraining>) =>
  Array.from({ length: plan.totalSteps }, (_, step) => plan.step(step))

test('every epoch has each unit once, in an order of its own', () => {
  const plan = planTraining(units, options)
  expect([plan.stepsPerEpoch, plan.totalSteps]).toEqual([2, 6])
  const steps = stepsOf(plan)
  expect(steps.map(({ epoch }) => epoch)).toEqual([0, 0, 1, 1, 2, 2])
  const orders = [0, 1, 2].map(epoch => steps.slice(2 * epoch, 2 * epoch + 2).flatMap(step => step.batches))
  for (const batches of orders) {
    expect(batches).toHaveLength(4)
    expect(batches.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    // What belongs together stays so.
    for (const pair of ['1,2', '6,7']) expect(batches.some(batch => batch.join().includes(pair))).toBe(true)
  }
  expect(new Set(orders.map(batches => JSON.stringify(batches))).size).toBe(3)
})

test('a step is the same whichever were asked for before it', () => {
  const steps = stepsOf(planTraining(units, options))
  const plan = planTraining(units, options)
  for (const step of [5, 0, 3, 3, 1, 4, 2]) expect(plan.step(step)).toEqual(steps[step])
})

test('without a shuffle units come as they are, and a last step takes what is left', () => {
  const plan = planTraining(units, { ...options, shuffle: false, maxSteps: 3 })
  expect(plan.totalSteps).toBe(3)
  expect(stepsOf(plan)).toEqual([
    {
      epoch: 0,
      batches: [
        [0, 1, 2],
        [3, 4],
      ],
    },
    { epoch: 0, batches: [[5, 6, 7], [8]] },
    {
      epoch: 1,
      batches: [
        [0, 1, 2],
        [3, 4],
      ],
    },
  ])
})
