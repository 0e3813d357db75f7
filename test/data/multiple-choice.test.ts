import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/data/data-error'
import { readMultipleChoice } from '../../src/data/multiple-choice'
import { stripped } from '../../src/data/white-space'
import fixture from '../fixtures/multiple-choice.json'
import { fromBase64 } from '../io/bytes'

const read = (rows: readonly object[]) => readMultipleChoice(rows.map(row => JSON.stringify(row)).join('\n'))
const piqa = { goal: 'Keep a door open.', sol1: 'A stone', sol2: 'A feather', label: 0 }
const mmlu = {
  question: ' Who? ',
  choices: ['a', 'b', 'c', 'd'],
  answer: 2,
  subject: 'high_school_us_history',
}
const truthful = { question: 'Why?', mc1_targets: { choices: ['x', 'y'], labels: [1, 0] } }
const hellaSwag = { activity_label: 'Tea', ctx_a: 'She boils.', ctx_b: '', endings: ['a', 'b'], label: '1' }
const arc = { question: 'Which?', choices: { text: ['a', 'b'], label: ['1', '2'] }, answerKey: '2' }

describe('readMultipleChoice', () => {
  it.each(fixture.cases.map(one => [one.task, one] as const))('asks %s as the harness', async (task, one) => {
    const { questions, format, total } = await read(one.rows)
    expect([format, total]).toEqual([task, one.rows.length])
    if (one.shots > 0) return
    expect(questions.map(({ description, text }) => description + text)).toEqual(
      one.samples.map(({ context }) => context),
    )
    expect(questions.map(({ choices }) => choices.map(choice => ` ${choice}`))).toEqual(
      one.samples.map(({ continuations }) => continuations),
    )
  })

  it('reads CSV, where labels are text', async () => {
    const { questions } = await readMultipleChoice(
      'goal,sol1,sol2,label\nOpen?,Push,Pull,1\nClose?,Push,Pull,0\n',
    )
    expect(questions.map(({ answer }) => answer)).toEqual([1, 0])
  })

  it.each(Object.entries(fixture.parquet))('reads %s from Parquet as from JSON', async (task, base64) => {
    const { questions } = await read(fixture.cases.find(one => one.task === task)!.rows)
    const file = await readMultipleChoice(fromBase64(base64))
    expect([file.container, file.problems]).toEqual(['parquet', []])
    const asked = (all: typeof questions) =>
      all.map(({ text, description, choices, answer, subject }) => [
        text,
        description,
        choices,
        answer,
        subject,
      ])
    expect(asked(file.questions)).toEqual(asked(questions))
  })

  it('reads letters for MMLU, and does without a subject', async () => {
    const { questions } = await read([{ ...mmlu, answer: 'B', subject: '' }])
    expect(questions).toMatchObject([
      { answer: 1, subject: null, description: '', choices: ['A', 'B', 'C', 'D'] },
    ])
  })

  it.each<[object, string]>([
    [{ ...piqa, label: -1 }, 'has no "label": its right answer is not published'],
    [{ ...piqa, label: 2 }, '"label" is 2, wanted a place from 0 to 1'],
    [{ ...piqa, label: 'left' }, '"label" is text, wanted a place from 0 to 1'],
    [{ ...piqa, sol1: 7 }, 'sol1 and sol2: answer 0 is a number, wanted text'],
    [{ ...piqa, goal: ' ' }, '"goal" is only white space'],
    [{ ...mmlu, choices: ['a', 'b'] }, '"choices" has 2 answers, wanted four'],
    [{ ...mmlu, answer: 'E' }, '"answer" is text, wanted a place from 0 to 3'],
    [{ ...truthful, mc1_targets: [] }, '"mc1_targets" is an empty list, wanted an object'],
    [
      { ...truthful, mc1_targets: { choices: ['x', 'y'], labels: [1, 1] } },
      '"mc1_targets.labels" names 2 right answers, wanted one',
    ],
    [{ ...hellaSwag, label: '' }, 'has no "label": its right answer is not published'],
    [{ ...hellaSwag, ctx_b: 3 }, '"ctx_b" is a number, wanted text'],
    [{ ...arc, answerKey: '' }, 'has no "answerKey": its right answer is not published'],
    [{ ...arc, answerKey: 'C' }, '"answerKey" is "C", which labels no answer'],
    [{ ...arc, choices: { text: ['a'], label: ['1'] } }, 'is a list, wanted a list of at least two answers'],
    [{ messages: [] }, 'is a row to train on, not a question with several answers'],
  ])('explains %j', async (row, reason) => {
    const { questions, problems } = await read([piqa, row])
    expect(questions).toHaveLength(1)
    expect(problems[0]!.reason).toContain(reason)
  })

  it('turns anything into questions and problems that add up', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('0', 'A', -1, 1, ['a', 'b']))
    const names = fc.constantFrom(
      ...[...new Set([piqa, mmlu, truthful, hellaSwag, arc].flatMap(row => Object.keys(row)))],
      'question_stem',
      'question_concept',
    )
    const row = fc.dictionary(names, value).map(fields => ({ ...fields }))
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 4 }), async rows => {
        const { questions, problems, total } = await read([piqa, ...rows])
        expect(questions.length + problems.length).toBe(total)
        expect(total).toBe(1 + rows.length)
        for (const { answer, choices } of questions) expect(choices[answer]).toBeTypeOf('string')
      }),
      { numRuns: 200 },
    )
    await expect(readMultipleChoice('')).rejects.toThrow(DataError)
  })
})

it('takes the white space away that Python does', () => {
  expect(stripped('\u001c\u0085 a\u00a0b \u3000\n')).toBe('a\u00a0b')
  expect(stripped('\ufeffa\u200b')).toBe('\ufeffa\u200b')
  expect(stripped(' \t')).toBe('')
})
