import { describe, expect } from 'vitest'
import { type ChoiceQuestion, readMultipleChoice } from '../../src/data/multiple-choice'
import { encodeContinuation } from '../../src/evaluation/continuations'
import { EvaluationError } from '../../src/evaluation/errors'
import { contextOf, multipleChoice } from '../../src/evaluation/multiple-choice'
import fixture from '../fixtures/multiple-choice.json'
import { expectClose } from '../numbers'
import { test } from './shortened-model'

const questionsOf = async (rows: readonly object[]): Promise<readonly ChoiceQuestion[]> => {
  if (rows.length === 0) return []
  const { questions, problems } = await readMultipleChoice(rows.map(row => JSON.stringify(row)).join('\n'))
  expect(problems).toEqual([])
  return questions
}

const cases = fixture.cases.map(one => [`${one.task}, ${one.shots} shots`, one] as const)

/** float32 log-probs of at most some 20 tokens, each right to about 1e-5. */
const close = { atol: 2e-4, rtol: 2e-6 }

describe('multipleChoice', () => {
  test.for(cases)('is lm-evaluation-harness: %s', async ([, one], { model }) => {
    const questions = await questionsOf(one.rows)
    const examples = await questionsOf(one.examples)
    const { results, answers } = await multipleChoice(model, questions, { shots: one.shots, examples })
    questions.forEach((question, i) => {
      const sample = one.samples[i]!
      expect(contextOf(question, one.shots, examples)).toBe(sample.context)
      expect(question.choices.map(choice => ` ${choice}`)).toEqual(sample.continuations)
      expectClose(answers[i]!.logLikelihoods, sample.logLikelihoods, close)
      expect(answers[i]!.correct ? 1 : 0).toBe(sample.acc)
      if (sample.acc_norm !== null) expect(answers[i]!.correctNorm ? 1 : 0).toBe(sample.acc_norm)
    })
    expect(Object.keys(results).sort()).toEqual(Object.keys(one.results).sort())
    for (const [name, metrics] of Object.entries(one.results)) {
      for (const [key, want] of Object.entries(metrics)) {
        const got = results[name]![key as 'acc']
        if (want === null) expect(got).toBeNull()
        else expectClose([got], [want], { atol: 1e-12, rtol: 1e-12 })
      }
    }
  })

  test('gives a question what it gets alone, and tells how far it is', async ({ model }) => {
    const [one] = fixture.cases
    const questions = await questionsOf(one!.rows)
    const told: number[] = []
    const together = await multipleChoice(model, questions, { onProgress: share => told.push(share) })
    const alone = await multipleChoice(model, questions.slice(2, 3), { batchTokens: 1 })
    expect(alone.answers[0]!.logLikelihoods).toEqual(together.answers[2]!.logLikelihoods)
    expect(told.at(-1)).toBe(1)
    await expect(multipleChoice(model, questions, { signal: AbortSignal.abort('no') })).rejects.toBe('no')
  })

  test('refuses what it cannot ask', async ({ model }) => {
    const [question] = await questionsOf(fixture.cases[0]!.rows)
    await expect(multipleChoice(model, [])).rejects.toThrow(EvaluationError)
    await expect(multipleChoice(model, [question!], { shots: 1 })).rejects.toThrow(
      'question 0: there are 0 examples of piqa, 1 shots were asked for',
    )
    await expect(multipleChoice(model, [question!], { shots: -1 })).rejects.toThrow('shots is -1')
    const long = { ...question!, choices: ['no', 'yes '.repeat(fixture.context)] }
    await expect(multipleChoice(model, [long])).rejects.toThrow(`the model's context is ${fixture.context}`)
    const tokenless = { ...model.tokenizer, bosId: null, eosId: null }
    await expect(multipleChoice({ ...model, tokenizer: tokenless }, [question!])).rejects.toThrow(
      'neither a BOS',
    )
  })

  test('divides by characters, not by their halves, in acc_norm', async ({ model }) => {
    const [question] = await questionsOf(fixture.cases[0]!.rows)
    const choices = ['😀😀😀😀', 'ЖЖЖ']
    const { answers } = await multipleChoice(model, [{ ...question!, choices }])
    const [a, b] = answers[0]!.logLikelihoods as [number, number]
    expect([a / 4 < b / 3, a / 8 > b / 3]).toEqual([true, true])
    expect(answers[0]!.answerNorm).toBe(1)
  })
})

describe('encodeContinuation', () => {
  test('gives white space at the end of the context to the continuation', ({ model: { tokenizer } }) => {
    const { context, ids } = encodeContinuation(tokenizer, 'One two \n', ' three')
    const whole = tokenizer.encode('One two \n three')
    expect([...context, ...ids]).toEqual(whole)
    expect(context).toEqual(tokenizer.encode('One two'))
  })

  test('begins after the BOS where there is no context', ({ model: { tokenizer } }) => {
    const { context, ids } = encodeContinuation(tokenizer, '', 'three')
    expect(context).toEqual([tokenizer.bosId])
    expect(ids).toEqual(tokenizer.encode('three', { addSpecialTokens: false }))
    expect(encodeContinuation(tokenizer, '', '<s>three')).toEqual({ context, ids })
    expect(() => encodeContinuation(tokenizer, '', '')).toThrow('no token follows the context')
  })
})
