import { describe, expect } from 'vitest'
import type { ModelFiles } from '../../src/io/model-files'
import type { OnnxOptions } from '../../src/io/onnx-graph'
import { OnnxError } from '../../src/io/onnx-runtime'
import { openSafetensors } from '../../src/io/safetensors'
import { ModelError } from '../../src/models/errors'
import { loadModel } from '../../src/models/load-model'
import { loadOnnxModel, type OnnxCausalModel } from '../../src/models/onnx-causal'
import { complexityPrompt, qualityPrompt } from '../../src/scoring/deita'
import { digitScorer } from '../../src/scoring/digit-scorer'
import { onnxDigitScorer } from '../../src/scoring/onnx-digit-scorer'
import type { Scorer } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'
import fixture from '../fixtures/onnx-causal.json'
import encoder from '../fixtures/onnx-encoder.json'
import { test as base } from '../gpu'
import { fromBase64, sourceOf } from '../io/bytes'
import { causalFiles, inNode, runtime } from '../onnx-models'
import { expectedScore } from '../reference/expected-score'
import { alone } from './rows'

const other = encoder.files['lookup/model.onnx']
const exchanges = alone(fixture.expected)
type Load = (files: ModelFiles, options?: OnnxOptions) => Promise<OnnxCausalModel>

const test = base.extend<{ load: Load }>({
  load: async ({ gpu }, use) => {
    const loaded: OnnxCausalModel[] = []
    await use(async (files, options = {}) => {
      const model = await loadOnnxModel(gpu, files, { device: 'wasm', runtime, ...options })
      loaded.push(model)
      return model
    })
    for (const model of loaded) await model[Symbol.asyncDispose]()
  },
})

const scoresOf = async (scorer: Scorer, some = exchanges) =>
  (await scorer.score(some, {})).map(({ scores }) => scores[scorer.name] as number)

/** Asserts scores to 1e-3: of six logits of the order of ten in single precision, whatever computes them. */
function expectScores(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length)
  got.forEach((score, i) => {
    expect(Math.abs(score - want[i]!), `row ${i}: got ${score}, want ${want[i]}`).toBeLessThan(1e-3)
  })
}

const computed = [
  ['onnx', 'wasm'],
  ['with-past', 'wasm'],
  ...(inNode ? [] : ([['with-past', 'webgpu']] as const)),
] as const

describe.each(computed)('onnxDigitScorer on the graph %s with %s', (graph, device) => {
  test('gives the expected digit as PyTorch does, and as the same weights here', async ({ gpu, load }) => {
    const model = await load(causalFiles(graph), { device })
    expect(model.choices.map(({ backend }) => backend)).toEqual([device])
    using native = await loadModel(gpu, causalFiles())
    for (const [key, prompt] of [
      ['quality', qualityPrompt],
      // A software GPU compiles kernels for each new shape.
      ...(device === 'wasm' ? ([['complexity', complexityPrompt]] as const) : []),
    ] as const) {
      const scorer = onnxDigitScorer(model, key, prompt)
      expect([scorer.name, scorer.keys]).toEqual([key, [key]])
      const scores = await scoresOf(scorer)
      expectScores(
        scores,
        fixture.expected.map(row => row[key].score),
      )
      const counterpart = digitScorer(native, key, prompt)
      expectScores(scores, await scoresOf(counterpart))
      fixture.expected.forEach((row, i) => {
        expect(model.tokenizer.encode(prompt(exchanges[i]!))).toHaveLength(row[key].tokens)
      })
      // Cut prompts are the same too, and said to be cut.
      const cut = { maxTokens: 50 }
      const [mine, theirs] = [onnxDigitScorer(model, key, prompt, cut), digitScorer(native, key, prompt, cut)]
      expectScores(await scoresOf(mine), await scoresOf(theirs))
      const flags = async (one: Scorer) => (await one.score(exchanges, {})).map(({ truncated }) => truncated)
      expect(await flags(mine)).toEqual(await flags(theirs))
      expect(await flags(mine)).toContain(true)
    }
  })
})

describe.each(['wasm', 'webgpu'] as const)('a table of logits with %s', device => {
  test('is read at the end of each prompt, whatever is scored with it', async ({ load }) => {
    const model = await load(causalFiles('lookup'), { device })
    const file = await openSafetensors(
      sourceOf(fromBase64(fixture.files['model.safetensors'])),
      'model.safetensors',
    )
    const table = await file.read('model.embed_tokens.weight')
    const digits = ['1', '2', '3', '4', '5', '6'].map(digit => model.tokenizer.tokenId(digit)!)
    // Prompts of other lengths that end in other tokens.
    const prompt = ({ instruction }: { instruction: string }) => `${instruction}?`.slice(0, -1)
    const some = exchanges.filter(({ instruction }) => instruction !== '')
    const scorer = onnxDigitScorer(model, 'end', prompt)
    const together = await scoresOf(scorer, some)
    const want = some.map(exchange => {
      const last = model.tokenizer.encode(prompt(exchange)).at(-1)!
      return expectedScore(table.subarray(last * 32, (last + 1) * 32), digits)
    })
    expectScores(together, want)
    expect(new Set(want).size).toBeGreaterThan(1)
    for (const [i, exchange] of some.entries()) {
      const [score] = await scoresOf(scorer, [exchange])
      expect(Math.abs(score! - together[i]!)).toBeLessThanOrEqual(1e-5)
    }
  })

  test('tells its progress, and stops when told', async ({ load }) => {
    const model = await load(causalFiles('lookup'), { device })
    const scorer = onnxDigitScorer(model, 'quality', qualityPrompt)
    const seen: number[] = []
    await scorer.score(exchanges, { onProgress: fraction => seen.push(fraction) })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
    const reason = new Error('enough')
    await expect(scorer.score(exchanges, { signal: AbortSignal.abort(reason) })).rejects.toThrow(reason)
    expect(await scorer.score([], {})).toEqual([])
    // Some 94 tokens each: more than two batches of 4096.
    const abort = new AbortController()
    const many = new Array(100).fill(exchanges[1])
    const last: number[] = []
    const running = scorer.score(many, { signal: abort.signal, onProgress: fraction => last.push(fraction) })
    setTimeout(() => abort.abort(reason))
    await expect(running).rejects.toThrow(reason)
    expect(Math.max(0, ...last)).toBeLessThan(1)
  })
})

describe('onnxDigitScorer', () => {
  test('refuses what cannot score', async ({ load }) => {
    const model = await load(causalFiles('lookup'))
    expect(() => onnxDigitScorer(model, 'quality', qualityPrompt, { maxTokens: 257 })).toThrow(
      new ModelError("maxTokens is 257, expected an integer from 1 to the model's context of 256"),
    )
    const tokenizer = JSON.parse(fixture.files['tokenizer.json'])
    for (const digit of '123456') {
      tokenizer.model.vocab[`no ${digit}`] = tokenizer.model.vocab[digit]
      delete tokenizer.model.vocab[digit]
    }
    const files = causalFiles('lookup', { 'tokenizer.json': JSON.stringify(tokenizer) })
    const without = await load(files)
    expect(() => onnxDigitScorer(without, 'quality', qualityPrompt)).toThrow(ScorerError)
    await expect(load(causalFiles('lookup', { 'onnx/model.onnx': fromBase64(other) }))).rejects.toThrow(
      new OnnxError('tiny-llama/onnx/model.onnx: the graph gives last_hidden_state, expected logits'),
    )
  })

  test('says what is missing where a prompt has no score', async ({ load }) => {
    const config = JSON.parse(fixture.files['config.json'])
    // The model knows fewer tokens than its tokenizer: text with others has no score.
    const model = await load(
      causalFiles('lookup', { 'config.json': JSON.stringify({ ...config, vocab_size: 258 }) }),
    )
    const scorer = onnxDigitScorer(model, 'quality', qualityPrompt)
    const [result] = await scorer.score(exchanges.slice(0, 1), {})
    expect(result!.scores.quality).toEqual({
      missing: expect.stringMatching(
        /^tiny-llama: the text holds token \d+, and the model's vocabulary ends at 258$/,
      ),
    })
  })
})
