import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LabelledAnswer, pairLabelled, readLabelled, unpair } from '../../src/data/labelled'
import { readPairs } from '../../src/data/read-pairs'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })

describe('readLabelled', () => {
  it.each<[string, object]>([
    ['standard', { prompt: 'q', completion: 'a', label: true }],
    ['conversational', { prompt: [user('q')], completion: [assistant('a')], label: true }],
    ['conversational', { prompt: 'q', completion: [assistant('a')], label: 1 }],
    ['messages', { messages: [user('q'), assistant('a')], label: 'True' }],
    [
      'sharegpt',
      {
        conversations: [
          { from: 'human', value: 'q' },
          { from: 'gpt', value: 'a' },
        ],
        kto_tag: true,
      },
    ],
    ['alpaca', { instruction: 'q', output: 'a', kto_tag: true }],
  ])('reads %s', async (format, raw) => {
    const file = await readLabelled(`${JSON.stringify(raw)}\n`)
    expect(file).toMatchObject({
      format,
      total: 1,
      answers: [{ prompt: [user('q')], completion: 'a', label: true, raw }],
    })
  })

  it('reads CSV by pandas', async () => {
    const { answers } = await readLabelled('prompt,completion,label\nq,a,True\nq,b,False\n')
    expect(answers.map(({ label }) => label)).toEqual([true, false])
  })

  it('explains what it cannot read', async () => {
    const rows = [
      { prompt: 'q', completion: 'a', label: true },
      { prompt: 'q', completion: 'a' },
      { prompt: 'q', completion: 'a', label: 'maybe' },
      { messages: [user('q')], label: true },
      { prompt: [user('q'), assistant('a')], completion: [assistant('b')], label: true },
    ]
    const file = await readLabelled(rows.map(row => JSON.stringify(row)).join('\n'))
    expect(file.problems.map(({ reason }) => reason)).toEqual([
      'has no "label" of true or false',
      '"label" is text, wanted true or false',
      'ends with no turn of the assistant: there is no answer',
      'has no user turn before the answer',
    ])
    await expect(readPairs(`[${JSON.stringify(rows[0])}]`)).rejects.toThrow('read the file with readLabelled')
  })
})

describe('pairLabelled', () => {
  const answers = (list: readonly (readonly [prompt: string, completion: string, label: boolean])[]) =>
    list.map(
      ([prompt, completion, label], index): LabelledAnswer => ({
        index,
        id: `id${index}`,
        raw: {},
        prompt: [{ role: 'user', content: prompt }],
        completion,
        label,
      }),
    )

  it('pairs answers to the same prompt in file order and reports what has no partner', () => {
    const { pairs, unpaired } = pairLabelled(
      answers([
        ['p', 'bad 1', false],
        ['q', 'lone', true],
        ['p', 'good 1', true],
        ['p', 'good 2', true],
        ['p', 'bad 2', false],
        ['p', 'bad 3', false],
        ['r', 'same', true],
        ['r', 'same', false],
      ]),
    )
    expect(pairs.map(({ index, chosen, rejected }) => [index, chosen, rejected])).toEqual([
      [2, 'good 1', 'bad 1'],
      [3, 'good 2', 'bad 2'],
    ])
    expect(unpaired.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'no undesirable answer to the same prompt is left (of 0)'],
      [5, 'no desirable answer to the same prompt is left (of 2)'],
      [6, 'row 7 has the same answer as undesirable'],
      [7, 'row 6 has the same answer as desirable'],
    ])
  })

  it('loses no answer', () => {
    const answer = fc.tuple(fc.constantFrom('p', 'q'), fc.constantFrom('a', 'b', 'c'), fc.boolean())
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 20 }), list => {
        const given = answers(list)
        const { pairs, unpaired } = pairLabelled(given)
        expect(2 * pairs.length + unpaired.length).toBe(given.length)
        const used = [...unpaired.map(({ index }) => index), ...pairs.map(({ index }) => index)]
        expect(new Set(used).size).toBe(used.length)
        for (const { prompt, chosen, rejected } of pairs) {
          const has = (text: string, label: boolean) =>
            given.some(
              one =>
                one.prompt[0]?.content === prompt[0]?.content &&
                one.completion === text &&
                one.label === label,
            )
          expect([has(chosen, true), has(rejected, false), chosen !== rejected]).toEqual([true, true, true])
        }
      }),
    )
  })

  it('makes pairs that read as they are', async () => {
    const { pairs } = pairLabelled(
      answers([
        ['p', 'a', true],
        ['p', 'b', false],
      ]),
    )
    const again = await readPairs(JSON.stringify(pairs[0]?.raw))
    expect(again.pairs[0]).toMatchObject({ prompt: pairs[0]?.prompt, chosen: 'a', rejected: 'b' })
  })
})

describe('unpair', () => {
  it('gives every chosen answer, then every rejected one, and pairing undoes it', async () => {
    const lines = ['q', 'r', 's'].map(q => JSON.stringify({ prompt: q, chosen: `${q}+`, rejected: `${q}-` }))
    const { pairs } = await readPairs(lines.join('\n'))
    const answers = unpair(pairs)
    expect(answers.map(({ index, completion, label }) => [index, completion, label])).toEqual([
      [0, 'q+', true],
      [1, 'r+', true],
      [2, 's+', true],
      [0, 'q-', false],
      [1, 'r-', false],
      [2, 's-', false],
    ])
    expect(new Set(answers.map(({ id }) => id)).size).toBe(6)
    const again = pairLabelled(answers)
    expect(again.unpaired).toEqual([])
    expect(again.pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected])).toEqual(
      pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]),
    )
    // Its raw rows are TRL's, which are read back.
    const read = await readLabelled(answers.map(({ raw }) => JSON.stringify(raw)).join('\n'))
    expect(read.answers.map(({ prompt, completion, label }) => [prompt, completion, label])).toEqual(
      answers.map(({ prompt, completion, label }) => [prompt, completion, label]),
    )
  })
})
