import { expect } from 'vitest'
import { kto } from '../../src/losses/kto'
import type { EncodedAnswer } from '../../src/models/answer-batch'
import type { CausalDecoder } from '../../src/models/causal-decoder'
import { tokenLogProbs } from '../../src/models/token-log-probs'
import { evaluateLoss } from '../../src/training/evaluate-loss'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { mismatched } from '../../src/training/mismatch-program'
import { train } from '../../src/training/train'
import { test } from '../gpu'
import { noise } from '../noise'
import { expectClose } from '../numbers'
import { labelled, oneLayer } from './tiny-runs'

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0)
const three = labelled.slice(0, 3)
const [a, b, c] = three.map(({ answer }) => answer) as [EncodedAnswer, EncodedAnswer, EncodedAnswer]

/** An answer beside another one's prompt. */
const beside = (prompt: EncodedAnswer, answer: EncodedAnswer): EncodedAnswer => ({
  ids: Uint32Array.of(
    ...prompt.ids.subarray(0, prompt.answerBegin),
    ...answer.ids.subarray(answer.answerBegin),
  ),
  answerBegin: prompt.answerBegin,
})

/** An adapter that changes what the model says, and the log-ratio of an answer under it. */
function changed(network: CausalDecoder) {
  const adapter = LoraAdapter.create(network, { rank: 2 })
  network.gpu.write(adapter.values, noise(adapter.values.size, 2, 0.3))
  const ratio = async (answer: EncodedAnswer) => {
    const [mine = []] = await tokenLogProbs(network, [answer], { adapter: adapter.map })
    const [theirs = []] = await tokenLogProbs(network, [answer])
    return sum(mine) - sum(theirs)
  }
  return { adapter, ratio }
}

const close = { atol: 1e-5, rtol: 1e-5 }

test('each prompt comes beside the answer before its own, cut where the context ends', () => {
  expect(mismatched(three, 99)).toEqual([beside(a, c), beside(b, a), beside(c, b)])
  const limit = a.answerBegin + 1
  for (const { ids, answerBegin } of mismatched(three, limit))
    expect([ids.length, answerBegin]).toEqual([limit, 3])
})

test('a last step of one example takes the answer of another', async ({ gpu }) => {
  using network = oneLayer(gpu)
  const { adapter, ratio } = changed(network)
  using _ = adapter
  using fresh = LoraAdapter.create(network, { rank: 2 })
  const ratios = [((await ratio(beside(a, b))) + (await ratio(beside(b, a)))) / 2, await ratio(beside(c, a))]
  // A KL is 0 at least: with policy and reference swapped, it is the other one that shows.
  for (const [trained, reference, sign] of [
    [adapter, null, 1],
    [fresh, adapter.map, -1],
  ] as const) {
    // At a rate of 0 the weights stay, and their log-ratios.
    const options = { loss: kto(), batchSize: 2, shuffle: false, schedule: () => 0 }
    const kls: number[] = []
    for await (const { kl } of train(trained, three, {
      ...options,
      reference: { network, adapter: reference },
    }))
      kls.push(kl!)
    expectClose(
      kls,
      ratios.map(value => Math.max(0, sign * value)),
      close,
    )
  }
})

test('an example that is evaluated alone takes the answer of the first other one', async ({ gpu }) => {
  using network = oneLayer(gpu)
  const { adapter, ratio } = changed(network)
  using _ = adapter
  const options = { loss: kto(), adapter: adapter.map, batchTokens: 1 }
  const { kl } = await evaluateLoss(network, three, options)
  const ratios = [await ratio(beside(a, b)), await ratio(beside(b, a)), await ratio(beside(c, a))]
  expect(sum(ratios)).toBeGreaterThan(0)
  expectClose([kl!], [sum(ratios) / 3], close)
})
