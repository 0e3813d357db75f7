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

describe('rows that cannot be read', () => {
  const chat = (...messages: unknown[]) => ({ messages })
  const ask = { role: 'user', content: 'a' }
  it.each<[unknown, string]>([
    [{ instruction: 'a', output: '' }, '"output" is empty'],
    [{ instruction: 'a', output: ' \n' }, '"output" is only white space'],
    [{ instruction: 'a', output: null }, '"output" is null, wanted text'],
    [{ instruction: 'a' }, '"output" is missing, wanted text'],
    [{ instruction: 'a', output: ['b'] }, '"output" is a list, wanted text'],
    [{ instruction: 'a', output: 5 }, '"output" is a number, wanted text'],
    [{ instruction: { a: 1 }, output: 'b' }, '"instruction" is an object, wanted text'],
    [{ instruction: '', input: ' ', output: 'b' }, '"instruction" is empty'],
    [{ instruction: 'a', input: 7, output: 'b' }, '"input" is a number, wanted text'],
    [{ instruction: 'a', output: 'b', system: true }, '"system" is true, wanted text'],
    [
      { instruction: 'a', output: 'b', history: 'h' },
      '"history" is text, wanted a list of [question, answer]',
    ],
    [
      { instruction: 'a', output: 'b', history: [['q', 'a'], ['q']] },
      'round 2 of "history" is not [question, answer]',
    ],
    [{ instruction: 'a', output: 'b', history: [['q', '']] }, 'round 1 of "history": the answer is empty'],
    [chat(), '"messages" is an empty list, wanted a list of turns'],
    [{ messages: 'hi' }, '"messages" is text, wanted a list of turns'],
    [{ conversations: { from: 'human' } }, '"conversations" is an object, wanted a list of turns'],
    [chat(ask, null), 'turn 2 of "messages" is null, wanted an object'],
    [chat(ask, []), 'turn 2 of "messages" is an empty list, wanted an object'],
    [
      chat(ask, { role: 'assistant', content: null }),
      'turn 2 of "messages" (assistant): "content" is null, wanted text',
    ],
    [
      chat(ask, { role: 'assistant', content: '\t' }),
      'turn 2 of "messages" (assistant): "content" is only white space',
    ],
    [
      chat(ask, { role: 'assistant', content: null, tool_calls: [{}] }),
      'turn 2 of "messages" has "tool_calls": tool calls and their results are not read',
    ],
    [
      { conversations: [{ from: 'function_call', value: 'a' }] },
      'turn 1 of "conversations" is from "function_call": tool calls and their results are not read',
    ],
    [
      { conversations: [{ from: 'observation', value: 'a' }] },
      'turn 1 of "conversations" is from "observation": tool calls and their results are not read',
    ],
    [
      { conversations: [{ from: 'bot', value: 'a' }] },
      'turn 1 of "conversations" has the sender "bot", wanted human, gpt or system',
    ],
    [
      chat({ role: 3, content: 'a' }),
      'turn 1 of "messages" has "role" a number, wanted user, assistant or system',
    ],
    [
      chat({ role: 'user', content: [{ type: 'image_url' }] }),
      'turn 1 of "messages": part 1 is of type "image_url"; only text is read',
    ],
    [
      chat({ role: 'assistant', content: 'b' }, ask),
      'has no user turn that is followed by an assistant turn: nothing to learn from',
    ],
    [
      { text: 'a' },
      'has the fields "text"; wanted "messages" [{role, content}], or "conversations" [{from, value}], or "instruction" and "output"',
    ],
    [
      { messages: null },
      'has the fields "messages" (null); wanted "messages" [{role, content}], or "conversations" [{from, value}], or "instruction" and "output"',
    ],
    [
      {},
      'is an empty object; wanted "messages" [{role, content}], or "conversations" [{from, value}], or "instruction" and "output"',
    ],
    [
      { instruction: 'a', output: 'b', chosen: 'c', rejected: 'd' },
      'is a preference pair (it has "chosen" and "rejected"), not an instruction row',
    ],
    [
      JSON.parse('{"__proto__":{"instruction":"a","output":"b"}}'),
      'has the fields "__proto__"; wanted "messages" [{role, content}], or "conversations" [{from, value}], or "instruction" and "output"',
    ],
    [null, 'is null, wanted an object'],
    [[row], 'is a list, wanted an object'],
    ['a', 'is text, wanted an object'],
    [1, 'is a number, wanted an object'],
  ])('%j', async (raw, reason) => {
    const text = JSON.stringify(raw)
    for (const content of [`[${rowText},\n${text},\n${rowText}]`, `${rowText}\n${text}\n${rowText}`]) {
      const file = await readRows(content)
      expect(file.problems).toEqual([
        { index: 1, line: 2, reason, excerpt: expect.stringContaining(text.slice(0, 70)) },
      ])
      expect(file.rows.map(({ index, raw }) => [index, raw])).toEqual([
        [0, row],
        [2, row],
      ])
      expect(file.total).toBe(3)
    }
  })

  it('harms no prototype', async () => {
    const file = await readRows(
      `[{"instruction":"a","output":"b","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]`,
    )
    expect(file.rows).toHaveLength(1)
    expect(Object.keys(file.rows[0]?.raw as object)).toContain('__proto__')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('skips a row that nests too deep and keeps the rest', async () => {
    const nest = (n: number) => `{"instruction":"a","output":"b","x":${'['.repeat(n)}${']'.repeat(n)}}`
    for (const text of [
      `[${nest(100_000)},${nest(256)},${nest(255)}]`,
      `${nest(100_000)}\n${nest(256)}\n${nest(255)}`,
    ]) {
      const file = await readRows(text)
      expect(file.problems.map(problem => problem.reason)).toEqual([
        'nests lists and objects 100001 deep; at most 256 is read',
        'nests lists and objects 257 deep; at most 256 is read',
      ])
      expect(file.rows.map(({ index }) => index)).toEqual([2])
    }
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
