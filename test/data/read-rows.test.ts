import { describe, expect, it } from 'vitest'
import { readRows } from '../../src/data/read-rows'
import { exchanges, type Turn } from '../../src/data/row'

const row = { instruction: 'Add.', input: '', output: '4' }
const rowText = JSON.stringify(row)
const turns = (...list: [Turn['role'], string][]): Turn[] =>
  list.map(([role, content]) => ({ role, content }))

describe('row formats', () => {
  it.each<[string, object, string, Turn[]]>([
    [
      'instruction and output',
      { instruction: 'Add 2 and 2.', output: '4' },
      'alpaca',
      turns(['user', 'Add 2 and 2.'], ['assistant', '4']),
    ],
    [
      'input below the instruction',
      { instruction: 'Add.', input: '2 2', output: '4' },
      'alpaca',
      turns(['user', 'Add.\n2 2'], ['assistant', '4']),
    ],
    [
      'only an input',
      { instruction: '', input: '2 + 2', output: '4' },
      'alpaca',
      turns(['user', '2 + 2'], ['assistant', '4']),
    ],
    [
      'nulls for what is optional',
      { instruction: 'a', input: null, output: 'b', system: null, history: null, messages: null },
      'alpaca',
      turns(['user', 'a'], ['assistant', 'b']),
    ],
    [
      'system and history',
      { instruction: 'c', output: 'd', system: 's', history: [['a', 'b']] },
      'alpaca',
      turns(['system', 's'], ['user', 'a'], ['assistant', 'b'], ['user', 'c'], ['assistant', 'd']),
    ],
    [
      'human and gpt',
      {
        conversations: [
          { from: 'human', value: 'a' },
          { from: 'gpt', value: 'b' },
        ],
      },
      'sharegpt',
      turns(['user', 'a'], ['assistant', 'b']),
    ],
    [
      'a system message beside a system text',
      {
        system: 't',
        messages: [
          { role: 'system', content: 's' },
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
        ],
      },
      'messages',
      turns(['system', 's'], ['user', 'a'], ['assistant', 'b']),
    ],
    [
      'LLaMA-Factory’s own tags',
      {
        system: 's',
        conversations: [
          { from: 'user', value: 'a' },
          { from: 'assistant', value: 'b' },
        ],
      },
      'sharegpt',
      turns(['system', 's'], ['user', 'a'], ['assistant', 'b']),
    ],
    [
      'roles under conversations',
      {
        conversations: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
        ],
      },
      'sharegpt',
      turns(['user', 'a'], ['assistant', 'b']),
    ],
    [
      'messages',
      {
        messages: [
          { role: 'developer', content: 's' },
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b', tool_calls: [] },
        ],
      },
      'messages',
      turns(['system', 's'], ['user', 'a'], ['assistant', 'b']),
    ],
    [
      'text parts',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: '1' },
            ],
          },
          { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
        ],
      },
      'messages',
      turns(['user', 'a1'], ['assistant', 'b']),
    ],
    [
      'an empty system message',
      {
        messages: [
          { role: 'system', content: '' },
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
        ],
      },
      'messages',
      turns(['user', 'a'], ['assistant', 'b']),
    ],
  ])('reads %s', async (_, raw, format, want) => {
    const file = await readRows(JSON.stringify([raw]))
    expect(file).toMatchObject({ container: 'json', format, problems: [], total: 1 })
    expect(file.rows[0]).toMatchObject({ index: 0, turns: want, raw })
    expect(file.rows[0]).not.toHaveProperty('source')
  })

  it('reports the format that most rows have, and reads the others', async () => {
    const chat = JSON.stringify({
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
    })
    const file = await readRows(`[${chat},${rowText},{"instruction":"x","output":"y"}]`)
    expect([file.format, file.rows.length]).toEqual(['alpaca', 3])
    expect((await readRows(`[${chat},${rowText}]`)).format).toBe('messages')
  })

  it('reads every row as the format it was told', async () => {
    const both = {
      ...row,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
    }
    const text = JSON.stringify([both, { messages: both.messages }])
    expect((await readRows(text)).rows.map(({ turns }) => turns[0]?.content)).toEqual(['a', 'a'])
    const file = await readRows(text, { format: 'alpaca' })
    expect(file.rows.map(({ turns }) => turns[0]?.content)).toEqual(['Add.'])
    expect(file.problems).toMatchObject([{ index: 1, reason: '"instruction" is missing, wanted text' }])
    await expect(readRows(text, { format: 'csv' as 'alpaca' })).rejects.toThrow(
      'the file cannot be read as "csv"; the formats of a row are messages, sharegpt, alpaca.',
    )
  })
})

describe('identity', () => {
  it('is of the content, and the position tells equal rows apart', async () => {
    const other = '{"instruction":"x","output":"y"}'
    const file = await readRows(
      `[${rowText}, ${other}, {"instruction": "Add.", "input": "", "output": "4"}, 1, ${rowText}]`,
    )
    const [first, second] = file.rows.map(({ id }) => id)
    expect(first).toMatch(/^[0-9a-f]{16}$/)
    expect(file.rows.map(({ id }) => id)).toEqual([first, second, `${first}-2`, `${first}-4`])
    expect((await readRows(`${other}\n${rowText}`)).rows.map(({ id }) => id)).toEqual([second, first])
  })
})

describe('exchanges', () => {
  it('pairs a user turn with the answer behind it, without the system text', async () => {
    const conversations = [
      ['system', 's'],
      ['gpt', 'hello'],
      ['human', 'a'],
      ['human', 'b'],
      ['gpt', 'c'],
      ['gpt', 'd'],
      ['human', 'e'],
      ['gpt', 'f'],
      ['human', 'g'],
    ].map(([from, value]) => ({ from, value }))
    const { rows } = await readRows(JSON.stringify({ conversations }))
    expect(exchanges(rows[0]!)).toEqual([
      { instruction: 'b', output: 'c' },
      { instruction: 'e', output: 'f' },
    ])
  })
})
