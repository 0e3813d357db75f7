import { describe, expect } from 'vitest'
import { ModelError } from '../../src/models/errors'
import type { Model } from '../../src/models/load-model'
import { lengthScorer } from '../../src/scoring/length'
import { perplexityScorer } from '../../src/scoring/perplexity'
import type { Score, Scorer } from '../../src/scoring/scorer'
import { ScorerError } from '../../src/scoring/scorer-error'
import { test } from '../bundled-model'
import fixture from '../fixtures/ifd.json'
import { expectClose } from '../numbers'
import { meanLoss } from '../reference/losses'
import { alone } from './rows'

/** Digits are a token each: an answer of one, and one just past half a workgroup. */
const texts = alone([
  { instruction: 'Name a digit.', output: '7' },
  { instruction: 'Name two fruits.', output: 'Apples and pears.' },
  { instruction: '', output: '314159265358979323846264338327950' },
])
const valuesOf = async (scorer: Scorer, exchanges = texts): Promise<Score[]> =>
  (await scorer.score(exchanges, {})).map(({ scores }) => scores.perplexity!)
const plain = ({ tokenizer }: Model, text: string) => tokenizer.encode(text, { addSpecialTokens: false })
/** A loss is right to about 1e-6, and the perplexity relative to itself as much. */
const close = { atol: 0, rtol: 1e-4 }

describe('perplexityScorer', () => {
  test('is exp of the mean loss from all logits in double precision', async ({ model }) => {
    const answers: number[] = []
    const wholes: number[] = []
    const bos = model.tokenizer.bosId!
    for (const { instruction, output } of texts) {
      const [x, y] = [plain(model, `${instruction}\n`), plain(model, output)]
      answers.push(Math.exp(await meanLoss(model.network, [bos, ...x, ...y], 1 + x.length)))
      const both = plain(model, `${instruction}\n${output}`)
      wholes.push(Math.exp(await meanLoss(model.network, [bos, ...both], 1)))
    }
    const scorer = perplexityScorer(model)
    expect([scorer.name, scorer.keys]).toEqual(['perplexity', ['perplexity']])
    expectClose((await valuesOf(scorer)) as number[], answers, close)
    expectClose((await valuesOf(perplexityScorer(model, { whole: true }))) as number[], wholes, close)
  })

  test('puts no second token before a text that begins with it', async ({ model }) => {
    const prompt = () => '<s>One. '
    const ids = plain(model, '<s>One. 7')
    expect(ids[0]).toBe(model.tokenizer.bosId)
    const whole = await valuesOf(perplexityScorer(model, { prompt, whole: true }), texts.slice(0, 1))
    expectClose(whole as number[], [Math.exp(await meanLoss(model.network, ids, 1))], close)
    const x = plain(model, prompt())
    const given = Math.exp(await meanLoss(model.network, [...x, ...plain(model, '7')], x.length))
    expectClose(
      (await valuesOf(perplexityScorer(model, { prompt }), texts.slice(0, 1))) as number[],
      [given],
      close,
    )
  })

  test('is what transformers computes', async ({ model }) => {
    const cases = fixture.cases.flatMap(({ sameTokens, ...one }) =>
      sameTokens ? [{ ...one, sameTokens }] : [],
    )
    const answers = await valuesOf(perplexityScorer(model), alone(cases))
    const wholes = await valuesOf(perplexityScorer(model, { whole: true }), alone(cases))
    cases.forEach(({ sameTokens: { given, whole } }, i) => {
      expectClose([answers[i] as number, wholes[i] as number], [Math.exp(given), Math.exp(whole)], close)
    })
  })

  test('cuts what is too long, and marks it', async ({ model }) => {
    const maxTokens = 9
    const digits = texts.slice(2)
    const cut = async (scorer: Scorer, ids: readonly number[], begin: number) => {
      const [result] = await scorer.score(digits, {})
      expect(result!.truncated).toBe(true)
      const want = Math.exp(await meanLoss(model.network, ids.slice(0, maxTokens), begin))
      expectClose([result!.scores.perplexity as number], [want], close)
    }
    const bos = model.tokenizer.bosId!
    const [x, y] = [plain(model, '\n'), plain(model, digits[0]!.output)]
    await cut(perplexityScorer(model, { maxTokens }), [bos, ...x, ...y], 1 + x.length)
    const both = plain(model, `\n${digits[0]!.output}`)
    await cut(perplexityScorer(model, { maxTokens, whole: true }), [bos, ...both], 1)
    const [short] = await perplexityScorer(model, { maxTokens }).score(texts, {})
    expect(short!.truncated).toBe(false)
  })

  test('is missing for an answer without tokens, and refused where no text can begin', async ({ model }) => {
    const none = alone([{ instruction: 'Say nothing.', output: '' }])
    expect(await valuesOf(perplexityScorer(model), none)).toEqual([{ missing: 'the answer has no token' }])
    const empty = perplexityScorer(model, { whole: true, prompt: () => '' })
    expect(await valuesOf(empty, none)).toEqual([{ missing: 'the text has no token' }])
    const prompt = () => {
      throw new ModelError('the text holds token 9999')
    }
    expect(await valuesOf(perplexityScorer(model, { prompt }), none)).toEqual([
      { missing: 'the text holds token 9999' },
    ])
    const tokenizer = { ...model.tokenizer, bosId: null, eosId: null }
    expect(() => perplexityScorer({ ...model, tokenizer })).toThrow(ScorerError)
    expect(() => perplexityScorer(model, { maxTokens: 0 })).toThrow(ModelError)
  })
})

test('lengthScorer counts the answer’s tokens, without those around a text', async ({ model }) => {
  const results = await lengthScorer(model.tokenizer).score(texts, {})
  expect(results.map(({ scores }) => scores.length)).toEqual([
    1,
    plain(model, 'Apples and pears.').length,
    33,
  ])
})
