import { describe, expect } from 'vitest'
import { ModelError } from '../../src/models/errors'
import type { Model } from '../../src/models/load-model'
import { ifdScorer } from '../../src/scoring/ifd'
import { chatPrompt } from '../../src/scoring/prompt-text'
import { type RowExchange, rowExchanges, type Score, type Scorer } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { test } from '../bundled-model'
import fixture from '../fixtures/ifd.json'
import { expectClose, noise } from '../numbers'
import { meanLoss } from '../reference/losses'
import { alone, rowOf } from './rows'

/** Answers of one token, of a few, just past half a workgroup and past a whole one: a digit is a token. */
const texts = alone([
  { instruction: 'Is water wet?', output: 'Y' },
  { instruction: 'Name three fruits.', output: 'Apples, oranges and pears.' },
  { instruction: 'Übermut? 👍', output: '\nÜbermut tut selten gut.\n' },
  { instruction: '', output: '314159265358979323846264338327950' },
  { instruction: 'Count.', output: '01234567891011121314151617181920212223242526272829303132333435363' },
])
const valuesOf = async (scorer: Scorer, exchanges = texts) =>
  (await scorer.score(exchanges, {})).map(({ scores }) => scores.ifd!)
const plain = ({ tokenizer }: Model, text: string) => tokenizer.encode(text, { addSpecialTokens: false })
/** IFD is near one; the issue asks for 1e-4. */
const close = { atol: 1e-4, rtol: 0 }

describe('ifdScorer', () => {
  test('is the ratio of perplexities from all logits in double precision', async ({ model }) => {
    const want: number[] = []
    for (const { instruction, output } of texts) {
      const [x, y] = [plain(model, `${instruction}\n`), plain(model, output)]
      const bos = model.tokenizer.bosId!
      const given = await meanLoss(model.network, [bos, ...x, ...y], 1 + x.length)
      want.push(Math.exp(given - (await meanLoss(model.network, [bos, ...y], 1))))
    }
    const scorer = ifdScorer(model)
    expect([scorer.name, scorer.keys]).toEqual(['ifd', ['ifd']])
    expectClose((await valuesOf(scorer)) as number[], want, close)
    // The prompts say something: no test of ones.
    expect(Math.min(...want)).toBeLessThan(0.9)
  })

  test('is what transformers computes, its own way and Superfiltering’s', async ({ model }) => {
    for (const maxTokens of new Set(fixture.cases.map(one => one.maxTokens))) {
      const cases = fixture.cases.filter(one => one.maxTokens === maxTokens)
      const check = (values: readonly Score[], kind: 'sameTokens' | 'superfiltering') => {
        cases.forEach((one, i) => {
          const losses = one[kind]
          if (!losses) return
          const { given, alone } = losses
          if (given === null || alone === null) expect(values[i]).toHaveProperty('missing')
          else expectClose([values[i] as number], [Math.exp(given - alone)], close)
        })
      }
      const exchanges = alone(cases)
      check(await valuesOf(ifdScorer(model, { maxTokens }), exchanges), 'sameTokens')
      check(await valuesOf(ifdScorer(model, { maxTokens, compat: true }), exchanges), 'superfiltering')
    }
  })

  test('gives a text the same bits whatever is scored with it', async ({ model }) => {
    const scorer = ifdScorer(model)
    const some = texts.slice(0, 4)
    const together = await valuesOf(scorer, some)
    expect(await valuesOf(scorer, some.toReversed())).toEqual(together.toReversed())
    expect(await valuesOf(scorer, some.slice(1, 2))).toEqual(together.slice(1, 2))
  })

  test('takes the prompt and the adapter that it is given', async ({ gpu, model }) => {
    using adapter = LoraAdapter.create(model.network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.1))
    const row = rowOf(0, ['Name a fruit.', 'An apple.', 'And another?', 'A pear.'])
    const talk = rowExchanges({ ...row, turns: [{ role: 'system', content: 'Be brief.' }, ...row.turns] })
    const prompt = chatPrompt(model.tokenizer)
    expect(prompt(talk[0]!)).toBe(
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nName a fruit.<|im_end|>\n<|im_start|>assistant\n',
    )
    const x = plain(model, prompt(talk[1]!))
    expect(model.tokenizer.decode(x)).toContain('An apple.<|im_end|>')
    const [y, bos] = [plain(model, 'A pear.'), model.tokenizer.bosId!]
    const given = await meanLoss(model.network, [bos, ...x, ...y], 1 + x.length, adapter.map)
    const own = await meanLoss(model.network, [bos, ...y], 1, adapter.map)
    const values = await valuesOf(ifdScorer(model, { prompt, adapter: adapter.map }), talk)
    expectClose([values[1] as number], [Math.exp(given - own)], close)
  })
})

describe('what does not fit', () => {
  const maxTokens = 25
  const room = maxTokens - 1

  test('leaves the answer half at least, and the prompt its beginning and its end', async ({ model }) => {
    const long = 'one two three four five six seven eight nine ten '.repeat(3)
    const cases = alone([
      { instruction: 'Go.', output: 'Yes.' },
      { instruction: 'Go.', output: long },
      { instruction: long, output: 'Yes.' },
      { instruction: long, output: long },
    ])
    const results = await ifdScorer(model, { maxTokens }).score(cases, {})
    expect(results.map(({ truncated }) => truncated)).toEqual([false, true, true, true])
    const bos = model.tokenizer.bosId!
    for (const [i, { instruction, output }] of cases.entries()) {
      const [x, y] = [plain(model, `${instruction}\n`), plain(model, output)]
      const kept = room - Math.min(y.length, room / 2)
      const tail = Math.floor(kept / 4)
      const prompt = x.length <= kept ? x : [...x.slice(0, kept - tail), ...x.slice(-tail)]
      const answer = y.slice(0, room - prompt.length)
      const given = await meanLoss(model.network, [bos, ...prompt, ...answer], 1 + prompt.length)
      const own = await meanLoss(model.network, [bos, ...answer], 1)
      expectClose([results[i]!.scores.ifd as number], [Math.exp(given - own)], close)
    }
  })

  test('with compat keeps its beginning, and is marked', async ({ model }) => {
    const results = await ifdScorer(model, { maxTokens, compat: true }).score(texts, {})
    const lengths = texts.map(({ instruction, output }) => plain(model, `${instruction}\n${output}`).length)
    expect(results.map(({ truncated }) => truncated)).toEqual(lengths.map(n => n > maxTokens))
    const long = alone([{ instruction: 'word '.repeat(30), output: 'No.' }])
    expect((await ifdScorer(model, { maxTokens, compat: true }).score(long, {}))[0]!.scores.ifd).toEqual({
      missing: 'the prompt leaves no token of 25 to the answer',
    })
  })
})

describe('what has no IFD', () => {
  test('is missing, with the reason', async ({ model }) => {
    const one = alone([{ instruction: 'Say a letter.', output: 'Y' }])
    const none = alone([{ instruction: 'Say nothing.', output: '' }])
    expect(plain(model, 'Y')).toHaveLength(1)
    for (const compat of [false, true]) {
      const values = await valuesOf(ifdScorer(model, { compat }), none)
      expect(values).toEqual([{ missing: 'the answer has no token' }])
    }
    expect(await valuesOf(ifdScorer(model, { compat: true }), one)).toEqual([
      { missing: 'the answer has no token that one before it predicts' },
    ])
  })

  test('does not stop the others', async ({ model }) => {
    const prompt = ({ place }: RowExchange) => {
      if (place === 1) throw new ModelError('the text holds token 9999')
      return 'Go on.\n'
    }
    const talk = rowExchanges(rowOf(0, ['A?', 'B.', 'C?', 'D.', 'E?', 'F.']))
    const values = await valuesOf(ifdScorer(model, { prompt }), talk)
    expect(values.map(value => typeof value)).toEqual(['number', 'object', 'number'])
    expect(values[1]).toEqual({ missing: 'the text holds token 9999' })
  })

  test('is refused as a whole where no text can begin', ({ model }) => {
    const tokenizer = { ...model.tokenizer, bosId: null, eosId: null }
    expect(() => ifdScorer({ ...model, tokenizer })).toThrow(
      new ScorerError(
        'ifdScorer: the tokenizer has neither a beginning-of-text nor an end-of-text token to put before a text',
      ),
    )
    expect(() => ifdScorer(model, { maxTokens: 4096 })).toThrow(ModelError)
    expect(() => chatPrompt({ ...tokenizer, hasChatTemplate: false })).toThrow(ScorerError)
  })
})

test('tells its progress, and stops when told', async ({ model }) => {
  const seen: number[] = []
  await ifdScorer(model).score(texts.slice(0, 2), { onProgress: fraction => seen.push(fraction) })
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
  expect(seen.at(-1)).toBe(1)
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(ifdScorer(model).score(texts, { signal })).rejects.toThrow('enough')
  expect(await ifdScorer(model).score([], {})).toEqual([])
})
