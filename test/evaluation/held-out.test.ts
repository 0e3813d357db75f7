import { expect } from 'vitest'
import { EvaluationError } from '../../src/evaluation/errors'
import { answerPerplexity, evaluatePairs, evaluateSequences } from '../../src/evaluation/held-out'
import { kto } from '../../src/losses/kto'
import { orpo } from '../../src/losses/orpo'
import { sampo } from '../../src/losses/sampo'
import { tokenLogProbs } from '../../src/models/token-log-probs'
import { TrainingError } from '../../src/training/errors'
import { evaluateLoss } from '../../src/training/evaluate-loss'
import type { EncodedPair, EncodedSequence } from '../../src/training/examples'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { expectClose, noise } from '../numbers'
import { test } from '../tiny-model'

const ids = (length: number, seed: number) =>
  Uint32Array.from(noise(length, seed), value => 10 + Math.floor(20 * (value + 1)))
const side = (length: number, seed: number) => ({ ids: ids(length, seed), answerBegin: 4 })
const pairs: EncodedPair[] = [
  [9, 6],
  [5, 12],
  [17, 7],
].map(([chosen, rejected], index) => ({
  index,
  chosen: side(chosen!, index),
  rejected: side(rejected!, 50 + index),
  truncated: false,
}))
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0)
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
/** Sums of some ten log-probs in single precision. */
const close = { atol: 2e-5, rtol: 2e-5 }

/** An adapter that changes what the model says: a fresh one does not. */
function changed(network: Parameters<typeof LoraAdapter.create>[0]): LoraAdapter {
  const adapter = LoraAdapter.create(network, { rank: 2 })
  network.gpu.write(adapter.values, noise(adapter.values.shape[0]!, 5, 0.2))
  return adapter
}

test('gives pairs the loss and the rewards that their log-probs say', async ({ model: { network } }) => {
  using adapter = changed(network)
  const answers = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected])
  const policy = (await tokenLogProbs(network, answers, { adapter: adapter.map })).map(sum)
  const reference = (await tokenLogProbs(network, answers)).map(sum)
  const rewards = policy.map((value, i) => 0.1 * (value - reference[i]!))
  const won = rewards.filter((_, i) => i % 2 === 0)
  const lost = rewards.filter((_, i) => i % 2 === 1)
  const margins = won.map((reward, i) => reward - lost[i]!)
  const got = await evaluatePairs(network, pairs, { adapter: adapter.map })
  const want = {
    eval_loss: mean(margins.map(margin => Math.log1p(Math.exp(-margin)))),
    'eval_rewards/chosen': mean(won),
    'eval_rewards/rejected': mean(lost),
    'eval_rewards/margins': mean(margins),
    'eval_rewards/accuracies': mean(margins.map(margin => (margin > 0 ? 1 : 0))),
    'eval_logps/chosen': mean(policy.filter((_, i) => i % 2 === 0)),
    'eval_logps/rejected': mean(policy.filter((_, i) => i % 2 === 1)),
    'eval_lengths/chosen': mean([5, 1, 13]),
    'eval_lengths/rejected': mean([2, 8, 3]),
  }
  expect(Object.keys(got)).toEqual(expect.arrayContaining(Object.keys(want)))
  expect(Math.abs(want['eval_rewards/margins'])).toBeGreaterThan(0.01)
  expectClose(
    Object.keys(want).map(name => got[name]!),
    Object.values(want),
    close,
  )
})

test('measures a loss that draws the same each time, its rewards over all tokens', async ({
  model: { network },
}) => {
  using adapter = changed(network)
  const loss = sampo({ beta: 0.1 })
  const options = { adapter: adapter.map, loss }
  const first = await evaluatePairs(network, pairs, options)
  expect(await evaluatePairs(network, pairs, options)).toEqual(first)
  const dpo = await evaluatePairs(network, pairs, { adapter: adapter.map })
  for (const name of ['eval_rewards/margins', 'eval_logps/chosen', 'eval_lengths/rejected'])
    expect(first[name]).toBeCloseTo(dpo[name]!, 5)
  expect(first.eval_loss).not.toBe(dpo.eval_loss)
  const small = await evaluatePairs(network, pairs, { ...options, batchTokens: 1 })
  expectClose(Object.values(small), Object.values(first), close)
})

test('needs something to evaluate, and something to compare with', async ({ model: { network } }) => {
  await expect(evaluatePairs(network, [])).rejects.toThrow(TrainingError)
  await expect(evaluatePairs(network, pairs)).rejects.toThrow(TrainingError)
  const references = pairs.map(({ chosen, rejected }) => ({
    chosen: new Float32Array(chosen.ids.length - 4),
    rejected: new Float32Array(rejected.ids.length - 4),
  }))
  const against = await evaluatePairs(network, pairs, { references })
  expect(against['eval_rewards/chosen']).toBeCloseTo(0.1 * against['eval_logps/chosen']!, 4)
})

test('refuses references that are of others, or that would not count', async ({ model: { network } }) => {
  using adapter = changed(network)
  const references = pairs.map(({ chosen, rejected }) => ({
    chosen: new Float32Array(chosen.ids.length - 4),
    rejected: new Float32Array(rejected.ids.length - 4),
  }))
  await expect(evaluatePairs(network, pairs, { references: references.slice(1) })).rejects.toThrow(
    '2 reference log-probs for 3 examples',
  )
  const [first, ...rest] = references
  const cut = [{ ...first!, rejected: first!.rejected.subarray(1) }, ...rest]
  await expect(evaluatePairs(network, pairs, { references: cut })).rejects.toThrow('of the file has')
  await expect(evaluatePairs(network, pairs, { loss: orpo(), references })).rejects.toThrow(
    'orpo needs no reference model',
  )
  const labelled = pairs.map(({ index, chosen }) => ({
    ...{ index, answer: chosen, desirable: index === 0, truncated: false },
  }))
  const given = { loss: kto(), adapter: adapter.map, references: references.map(({ chosen }) => chosen) }
  await expect(evaluateLoss(network, labelled, given)).rejects.toThrow('leave out references')
})

test('weighs conversations and answers by their tokens', async ({ model: { network } }) => {
  const chosen = pairs.map(pair => pair.chosen)
  const perToken = (await tokenLogProbs(network, chosen)).flatMap(values => [...values])
  const loss = -mean(perToken)
  const got = await answerPerplexity(network, chosen)
  expect([got.answers, got.tokens]).toEqual([3, 19])
  expectClose([got.loss, got.perplexity], [loss, Math.exp(loss)], close)
  const sequences: EncodedSequence[] = chosen.map(({ ids, answerBegin }, index) => ({
    index,
    ids,
    mask: Uint8Array.from(ids, (_, t) => (t >= answerBegin ? 1 : 0)),
    truncated: false,
  }))
  const metrics = await evaluateSequences(network, sequences)
  expectClose([metrics.eval_loss!, metrics.eval_perplexity!], [loss, Math.exp(loss)], close)
  expect(metrics.eval_mean_token_accuracy).toBeGreaterThanOrEqual(0)
  await expect(answerPerplexity(network, [])).rejects.toThrow(EvaluationError)
})
