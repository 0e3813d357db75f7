import { expect } from 'vitest'
import { textPerplexity } from '../../src/evaluation/text-perplexity'
import fixture from '../fixtures/multiple-choice.json'
import { expectClose } from '../numbers'
import { test } from './shortened-model'

const texts = fixture.texts.map(({ text }) => text)

test('is the rolling log-likelihood of lm-evaluation-harness', async ({ model }) => {
  const want = fixture.texts.map(({ logLikelihood }) => logLikelihood)
  const got = await Promise.all(texts.map(text => textPerplexity(model, [text])))
  // Some 200 tokens, each right to about 1e-5, with errors of either sign.
  expectClose(
    got.map(({ logLikelihood }) => logLikelihood),
    want,
    { atol: 1e-3, rtol: 1e-6 },
  )
  expect(Math.max(...got.map(({ tokens }) => tokens))).toBeGreaterThan(fixture.context)
})

test('weighs texts by their length', async ({ model }) => {
  const all = await textPerplexity(model, texts)
  const each = await Promise.all(texts.map(text => textPerplexity(model, [text])))
  const sum = (of: (one: (typeof each)[0]) => number) => each.reduce((total, one) => total + of(one), 0)
  const nats = -sum(one => one.logLikelihood)
  const tokens = sum(one => one.tokens)
  expect(all.tokens).toBe(tokens)
  expect(all.bytes).toBe(sum(one => one.bytes))
  const words = texts.reduce((total, text) => total + text.split(/\s+/).length, 0)
  expectClose(
    [all.perplexity, all.word_perplexity, all.byte_perplexity, all.bits_per_byte],
    [
      Math.exp(nats / tokens),
      Math.exp(nats / words),
      Math.exp(nats / all.bytes),
      nats / all.bytes / Math.LN2,
    ],
    { atol: 0, rtol: 1e-6 },
  )
})

test('passes windows that share no prediction', async ({ model }) => {
  const [text] = texts as [string]
  const ids = [model.tokenizer.bosId!, ...model.tokenizer.encode(text, { addSpecialTokens: false })]
  const single = await textPerplexity(model, [text], { maxTokens: 1 })
  expect(single.tokens).toBe(ids.length - 1)
  const whole = await textPerplexity(model, [text])
  expect(single.perplexity).not.toBe(whole.perplexity)
  await expect(textPerplexity(model, [''])).rejects.toThrow('no token')
  await expect(textPerplexity(model, [text], { maxTokens: 1e6 })).rejects.toThrow('maxTokens')
})
