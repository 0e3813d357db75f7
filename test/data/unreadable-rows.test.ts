import { describe, expect, it } from 'vitest'
import { readRows } from '../../src/data/read-rows'

const row = { instruction: 'Add.', input: '', output: '4' }
const rowText = JSON.stringify(row)

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
