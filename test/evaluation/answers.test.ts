import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerLengths, lengthGrowth } from '../../src/evaluation/answer-lengths'
import { type Answer, answerPrompts, type Prompt } from '../../src/evaluation/answers'
import { compareRuns } from '../../src/evaluation/compare-runs'
import { EvaluationError } from '../../src/evaluation/errors'
import { generate } from '../../src/models/generate'
import { test } from './shortened-model'

const ask = (content: string): Prompt => [{ role: 'user', content }]
const answer = (tokens: number, reason: Answer['reason'] = 'end'): Answer => ({
  text: 'x'.repeat(2 * tokens),
  tokens,
  characters: 2 * tokens,
  reason,
})
const none = { missing: 'the prompt has 200 tokens' }

describe('answerPrompts', () => {
  test('gives what generate gives, and the same again', async ({ model }) => {
    const prompts = [ask('Name a fruit.'), ask('Count to three.')]
    const told: number[] = []
    const options = { maxTokens: 9, onAnswer: (done: number) => told.push(done) }
    const answers = await answerPrompts(model, prompts, options)
    expect(told).toEqual([1, 2])
    expect(await answerPrompts(model, prompts, { maxTokens: 9 })).toEqual(answers)
    for (const [i, prompt] of prompts.entries()) {
      let text = ''
      for await (const piece of generate(model, prompt, { maxTokens: 9 })) text += piece
      expect(answers[i]).toMatchObject({ text, characters: [...text].length })
      expect((answers[i] as Answer).tokens).toBeLessThanOrEqual(9)
    }
  })

  test('is missing where the prompt fills the context, and ends on a signal', async ({ model }) => {
    const [long, short] = await answerPrompts(model, [ask('word '.repeat(400)), ask('Hi.')], { maxTokens: 2 })
    expect(long).toMatchObject({ missing: expect.stringMatching(/^the prompt has \d+ tokens, the model's/) })
    expect(short).toMatchObject({ tokens: expect.any(Number) })
    const signal = AbortSignal.abort('no')
    await expect(answerPrompts(model, [ask('Hi.')], { signal, maxTokens: 2 })).rejects.toBe('no')
  })
})

describe('answerLengths', () => {
  it('measures what there is', () => {
    expect(answerLengths([answer(1), none, answer(5, 'length'), answer(3, 'stop')])).toEqual({
      answers: 3,
      tokens: { mean: 3, median: 3, longest: 5 },
      characters: { mean: 6, median: 6, longest: 10 },
      cutOff: 1 / 3,
    })
    expect(() => answerLengths([none])).toThrow(EvaluationError)
  })

  it('tells how much longer answers to the same prompts became', () => {
    expect(lengthGrowth([answer(4), answer(6), none], [answer(5), answer(7), answer(99)])).toBeCloseTo(0.2)
    expect(lengthGrowth([answer(0)], [answer(3)])).toBeNull()
    expect(() => lengthGrowth([answer(1)], [])).toThrow('one of each a prompt')
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), tokens => {
        const answers = tokens.map(n => answer(n))
        expect(lengthGrowth(answers, answers)).toBe(0)
        expect(
          lengthGrowth(
            answers,
            tokens.map(n => answer(2 * n)),
          ),
        ).toBeCloseTo(1, 12)
      }),
    )
  })
})

describe('compareRuns', () => {
  it('sets metrics, lengths and answers side by side', () => {
    const prompts = [ask('a'), ask('b')]
    const before = { name: 'before', metrics: { eval_loss: 0.7, acc: null }, answers: [answer(2), none] }
    const after = { name: 'sampo', metrics: { eval_loss: 0.5, new: 3 }, answers: [answer(3), answer(1)] }
    expect(compareRuns(before, after, prompts)).toEqual({
      before: 'before',
      after: 'sampo',
      metrics: [
        { name: 'eval_loss', before: 0.7, after: 0.5, change: 0.5 - 0.7 },
        { name: 'acc', before: null, after: null, change: null },
        { name: 'new', before: null, after: 3, change: null },
      ],
      lengths: {
        before: answerLengths([answer(2)]),
        after: answerLengths([answer(3), answer(1)]),
        growth: 0.5,
      },
      answers: [
        { prompt: prompts[0], before: answer(2), after: answer(3) },
        { prompt: prompts[1], before: none, after: answer(1) },
      ],
    })
  })

  it('does without answers, and refuses lists that do not fit', () => {
    const run = { name: 'x', metrics: {} }
    expect(compareRuns(run, run)).toMatchObject({ lengths: null, answers: [] })
    expect(
      compareRuns({ ...run, answers: [none] }, { ...run, answers: [none] }, [ask('a')]).lengths,
    ).toBeNull()
    expect(() => compareRuns({ ...run, answers: [none] }, run)).toThrow(EvaluationError)
    expect(() => compareRuns(run, run, [ask('a')])).toThrow(EvaluationError)
  })
})
