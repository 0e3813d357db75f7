import { describe, expect } from 'vitest'
import { loadTokenizer } from '../../src/io/tokenizer'
import { type LoadedScorer, loadScorer } from '../../src/job/load-scorer'
import { ModelError } from '../../src/models/errors'
import type { Model } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import {
  complexityPrompt,
  complexityScorer,
  deitaScorer,
  qualityPrompt,
  qualityScorer,
} from '../../src/scoring/deita'
import { ScorerError } from '../../src/scoring/scorer-error'
import { test as base, bundledFiles } from '../bundled-model'
import { f32Weight } from '../f32-weight'
import expected from '../fixtures/tiny-scorer.json'
import { folder, tied } from '../models/llama-fixture'
import { expectClose } from '../numbers'
import { scoreHead } from '../reference/score-head'
import { alone } from './rows'

const test = base.extend<{ loaded: LoadedScorer }>({
  loaded: [
    async ({ model }, use) => {
      using loaded = await loadScorer(model, await bundledFiles())
      await use(loaded)
    },
    { scope: 'file' },
  ],
})

describe('the prompts', () => {
  const exchange = { instruction: 'Q', output: 'A' }

  test('are Deita’s, character by character', () => {
    expect(complexityPrompt(exchange)).toBe(
      'You are a helpful assistant. Please identify the complexity score of the following user query. \n##Query: Q  \n##Complexity: ',
    )
    expect(qualityPrompt(exchange)).toBe(
      'You are a helpful assistant. Please identify the quality score of the Response corresponding to the Question. \n #Question#:\nQ\n#Response#:\nA \n##Quality: ',
    )
  })

  test('take text that looks like a field, or like a replacement pattern, as text', () => {
    const odd = {
      instruction: '{output} {instruction} $& $1 $$ {constructor}',
      output: "{instruction} $' {x}",
    }
    expect(complexityPrompt(odd)).toContain('##Query: {output} {instruction} $& $1 $$ {constructor}  \n')
    expect(qualityPrompt(odd)).toContain(
      "#Question#:\n{output} {instruction} $& $1 $$ {constructor}\n#Response#:\n{instruction} $' {x} \n##Quality: ",
    )
  })
})

/** The expected digit after these tokens: a forward pass of them alone, the head in double precision. */
async function ownPass({ network, tokenizer }: Model, ids: readonly number[], space = '') {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, pack([ids]))
  const C = network.hidden
  const hidden = await network.gpu.read(network.forward(tape, packed))
  const digits = ['1', '2', '3', '4', '5', '6'].map(digit => tokenizer.tokenId(space + digit)!)
  const w = await network.gpu.read(f32Weight(network.head))
  return scoreHead(hidden.slice(-C), w, digits, C)[0]!
}

const texts = alone([
  { instruction: 'Name a fruit.', output: 'An apple.' },
  { instruction: 'Explain tides to a child, step by step.', output: 'The moon pulls the sea.' },
  { instruction: '', output: '' },
])

describe('the bundled model', () => {
  test('scores as transformers and PEFT do', async ({ model, loaded }) => {
    expect(loaded.trained).toBe(true)
    const { scorer } = loaded
    expect([scorer.name, scorer.keys]).toEqual(['deita', ['complexity', 'quality']])
    const results = await scorer.score(alone(expected.rows), {})
    const { maximumTokens } = expected
    expected.rows.forEach((row, i) => {
      for (const key of ['complexity', 'quality'] as const) {
        expect(results[i]!.scores[key], `${key} of row ${i}`).toBeCloseTo(row[key].score, 3)
        const prompt = key === 'complexity' ? complexityPrompt(row) : qualityPrompt(row)
        expect(model.tokenizer.encode(prompt)).toHaveLength(row[key].tokens)
      }
      expect(results[i]!.truncated).toBe(Math.max(row.complexity.tokens, row.quality.tokens) > maximumTokens)
    })
    expect(results.some(({ truncated }) => truncated)).toBe(true)
  })

  test('computes what all prompts begin with once, and scores the same', async ({ model }) => {
    for (const scorer of [complexityScorer, qualityScorer]) {
      const before = model.network.gpu.counters.dispatches
      const shared = await scorer(model).score(texts, {})
      const between = model.network.gpu.counters.dispatches
      const whole = await scorer(model, { prefix: '' }).score(texts, {})
      // A pass over the prefix, and one over the rest.
      expect(between - before).toBeGreaterThan(1.5 * (model.network.gpu.counters.dispatches - between))
      const [key] = scorer(model).keys
      texts.forEach((_, i) => {
        const [got, want] = [shared, whole].map(results => Number(results[i]!.scores[key!]))
        expect(Math.abs(got! - want!)).toBeLessThan(1e-5)
      })
    }
  })

  test('gives a text the same bits whatever is scored with it', async ({ loaded: { scorer } }) => {
    const together = await scorer.score(texts, {})
    expect(await scorer.score(texts.toReversed(), {})).toEqual(together.toReversed())
    for (const [i, text] of texts.entries()) expect(await scorer.score([text], {})).toEqual([together[i]])
  })

  test('reads the expectation over the digits at the end of the prompt', async ({ model }) => {
    const [result] = await deitaScorer(model).score(texts.slice(1, 2), {})
    const { complexity, quality } = result!.scores as Record<string, number>
    const want = [
      await ownPass(model, model.tokenizer.encode(complexityPrompt(texts[1]!))),
      await ownPass(model, model.tokenizer.encode(qualityPrompt(texts[1]!))),
    ]
    expectClose([complexity!, quality!], want, { atol: 0, rtol: 1e-4 })
  })

  test('drops the middle of what is too long: the last quarter and the rest from the start stay', async ({
    model,
  }) => {
    const maxTokens = model.tokenizer.encode(qualityPrompt(texts[0]!)).length
    const scorer = deitaScorer(model, { maxTokens })
    const results = await scorer.score(texts.slice(0, 2), {})
    expect(results.map(({ truncated }) => truncated)).toEqual([false, true])
    const ids = model.tokenizer.encode(qualityPrompt(texts[1]!))
    expect(ids.length).toBeGreaterThan(maxTokens)
    const tail = Math.floor(maxTokens / 4)
    const cut = [...ids.slice(0, maxTokens - tail), ...ids.slice(-tail)]
    expectClose([results[1]!.scores.quality as number], [await ownPass(model, cut)], { atol: 0, rtol: 1e-4 })
  })

  test('tells its progress by tokens, and stops when told', async ({ loaded: { scorer } }) => {
    const seen: number[] = []
    await scorer.score(texts, { onProgress: fraction => seen.push(fraction) })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(scorer.score(texts, { signal })).rejects.toThrow('enough')
    expect(await scorer.score([], {})).toEqual([])
  })
})

describe('deitaScorer', () => {
  test('refuses a tokenizer without a token for each digit', async ({ model: { name, network } }) => {
    const tokenizer = await loadTokenizer(folder(tied.files, 'tiny'))
    expect(() => deitaScorer({ name, network, tokenizer, [Symbol.dispose]() {} })).toThrow(
      new ScorerError("the tokenizer has no token for the digit 1, which Deita's scores are read from"),
    )
  })

  test('takes digits with the space before them where there are no others, without the space of the prompt', async ({
    model: { name, network },
  }) => {
    const pieces = ['<unk>', '▁', 'e', ':', '▁Quality', '▁1', '▁2', '▁3', '▁4', '▁5', '▁6']
    const json = {
      version: '1.0',
      added_tokens: [{ id: 0, content: '<unk>', special: true }],
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
      post_processor: null,
      decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
      model: { type: 'Unigram', unk_id: 0, vocab: pieces.map((piece, i) => [piece, -i]) },
    }
    const files = { 'tokenizer.json': JSON.stringify(json), 'tokenizer_config.json': '{"unk_token":"<unk>"}' }
    const tokenizer = await loadTokenizer(folder(files, 'spaced'))
    const prompt = qualityPrompt(texts[0]!)
    const ids = tokenizer.encode(prompt)
    expect(ids.at(-1)).toBe(pieces.indexOf('▁'))
    expect(tokenizer.encode(`${prompt}3`)).toEqual([...ids.slice(0, -1), pieces.indexOf('▁3')])
    const model = { name, network, tokenizer, [Symbol.dispose]() {} }
    const [result] = await qualityScorer(model).score(texts.slice(0, 1), {})
    const want = await ownPass(model, ids.slice(0, -1), '▁')
    expectClose([result!.scores.quality as number], [want], { atol: 0, rtol: 1e-4 })
  })

  test('refuses more tokens than the model has positions for', ({ model }) => {
    const { maxPositions } = model.network
    expect(() => deitaScorer(model, { maxTokens: maxPositions + 1 })).toThrow(
      new ModelError(
        `maxTokens is ${maxPositions + 1}, expected an integer from 1 to the model's context of ${maxPositions}`,
      ),
    )
  })

  test('says what is missing where the model gives no number', async ({ gpu, model }) => {
    const { path, weight } = model.network.linears[0]!
    using a = gpu.tensor([8, weight.shape[1]!], new Float32Array(8 * weight.shape[1]!).fill(1))
    using b = gpu.tensor([weight.shape[0]!, 8], new Float32Array(8 * weight.shape[0]!).fill(Number.NaN))
    const scorer = deitaScorer(model, {
      quality: new Map([[path, { a, b, scale: 1, stream: 0, magnitude: null }]]),
    })
    const [result] = await scorer.score(texts.slice(0, 1), {})
    expect(result!.scores.complexity).toBeTypeOf('number')
    expect(result!.scores.quality).toEqual({ missing: 'the model gave no finite quality score' })
  })
})
