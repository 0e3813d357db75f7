import { describe, expect } from 'vitest'
import { averaged } from '../../src/losses/averaged'
import { chosenSft } from '../../src/losses/chosen-sft'
import { combined } from '../../src/losses/combined'
import { kto } from '../../src/losses/kto'
import type { Loss } from '../../src/losses/loss'
import { orpo } from '../../src/losses/orpo'
import { sampo } from '../../src/losses/sampo'
import { simpo } from '../../src/losses/simpo'
import { tokenLogProbs } from '../../src/models/token-log-probs'
import { evaluateLoss } from '../../src/training/evaluate-loss'
import { metricsOf } from '../../src/training/metrics'
import type { SequenceStatistics, StepResult } from '../../src/training/training-stepper'
import { test } from '../gpu'
import { expectClose } from '../numbers'
import { oneLayer, pairs, runJob, shortRun } from './tiny-runs'

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

describe('metrics', () => {
  test('of ORPO are means over the tokens of answers, though prompts count in its loss', async ({ gpu }) => {
    using network = oneLayer(gpu)
    const metrics = await evaluateLoss(network, pairs, { loss: orpo() })
    for (const side of ['chosen', 'rejected'] as const) {
      const logProbs = await tokenLogProbs(
        network,
        pairs.map(pair => pair[side]),
      )
      const logp = mean(logProbs.map(values => mean([...values])))
      const length = mean(logProbs.map(values => values.length))
      const got = [`logps/${side}`, `rewards/${side}`, `lengths/${side}`].map(name => metrics[name]!)
      expectClose(got, [logp, 0.1 * logp, length], { atol: 1e-5, rtol: 1e-5 })
    }
  })

  test('are over drawn tokens alone, though a second loss takes them all', async ({ gpu }) => {
    const loss = combined([
      [sampo(), 1],
      [chosenSft(), 0.5],
    ])
    const [step] = (await runJob(gpu, { options: { ...shortRun, loss, maxSteps: 1 }, examples: pairs })).steps
    expect(step!['lengths/chosen']).toBe(step!['lengths/rejected'])
    expectClose([step!.loss], [step!['loss/sigmoid']! + 0.5 * step!.nll_loss!], { atol: 1e-6, rtol: 1e-6 })
  })

  const statistics = (ratio: number): SequenceStatistics => ({
    ...{ ratio, logp: -3, tokens: 2, entropy: 1, meanLogit: 0, hits: 1, aligned: 0, plainLogp: -3 },
  })
  const result = (ratios: readonly number[], labels: readonly number[] | null, kl: number | null) =>
    ({
      batches: [
        {
          batch: { labels, reported: { lengths: ratios.map(() => 4) } },
          ...{ values: [], sequences: ratios.map(statistics) },
        },
      ],
      ...{ terms: [0.5], gradNorm: 1, kl },
    }) as unknown as StepResult

  test('of answers of one kind alone have no margin, and a KL of 0 at least', () => {
    const of = (labels: readonly number[], kl: number) =>
      metricsOf(kto() as Loss, result([2, 4], Float32Array.from(labels) as never, kl))
    expect(of([1, 0], 3)).toMatchObject({ 'rewards/chosen': 0.2, 'rewards/margins': -0.2, kl: 3 })
    const alone = of([1, 1], -3)
    expect(alone.kl).toBe(0)
    expect(Object.keys(alone).filter(name => name.includes('rejected') || name.includes('margins'))).toEqual(
      [],
    )
  })

  test('of a loss of mean log-probs are means as the loss takes them, whatever tokens weigh', async ({
    gpu,
  }) => {
    using network = oneLayer(gpu)
    const evaluated = await evaluateLoss(network, pairs, { loss: simpo() })
    const options = { ...shortRun, batchSize: pairs.length, accumulation: 1, maxSteps: 1 }
    const loss = simpo({ tokens: averaged() })
    const [step] = (await runJob(gpu, { options: { ...options, loss }, examples: pairs })).steps
    for (const name of ['logps/chosen', 'rewards/chosen', 'rewards/rejected', 'rewards/margins'])
      expectClose([step![name]!], [evaluated[name]!], { atol: 1e-5, rtol: 1e-5 })
  })

  test('count a reward that is equal as no win, as TRL does', () => {
    const of = (ratios: readonly number[]) => metricsOf(sampo(), result(ratios, null, null))
    expect(of([1, 1, 2, 1])['rewards/accuracies']).toBe(0.5)
    expect(of([0, 0])['rewards/accuracies']).toBe(0)
  })
})
