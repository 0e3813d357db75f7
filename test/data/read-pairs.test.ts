import { describe, expect, it } from 'vitest'
import { readPairs } from '../../src/data/read-pairs'
import type { Pair, Turn } from '../../src/data/row'

const pair = { prompt: 'q', chosen: 'good', rejected: 'bad' }
const pairText = JSON.stringify(pair)
const user = (content: string): Turn => ({ role: 'user', content })
const assistant = (content: string): Turn => ({ role: 'assistant', content })
const system: Turn = { role: 'system', content: 's' }

describe('pair formats', () => {
  const human = { from: 'human', value: 'q' }
  const answers = { chosen: 'good', rejected: 'bad' }
  it.each<[string, object, string, Turn[]]>([
    [
      'sharegpt',
      {
        conversations: [human],
        chosen: { from: 'gpt', value: 'good' },
        rejected: { from: 'gpt', value: 'bad' },
      },
      'sharegpt',
      [user('q')],
    ],
    [
      'sharegpt of several turns',
      {
        conversations: [{ from: 'system', value: 's' }, human, { from: 'gpt', value: 'a' }, human],
        chosen: { from: 'gpt', value: 'good' },
        rejected: { from: 'gpt', value: 'bad' },
      },
      'sharegpt',
      [system, user('q'), assistant('a'), user('q')],
    ],
    ['sharegpt with answers as text', { conversations: [human], ...answers }, 'sharegpt', [user('q')]],
    [
      'alpaca ranking',
      { system: 's', instruction: 'q', input: 'i', ...answers },
      'alpaca',
      [system, user('q\ni')],
    ],
    ['standard', { prompt: 'q', ...answers }, 'standard', [user('q')]],
    [
      'standard with a system text',
      { system: 's', prompt: 'q', ...answers },
      'standard',
      [system, user('q')],
    ],
    [
      'conversational',
      { prompt: [system, user('q')], chosen: [assistant('good')], rejected: [assistant('bad')] },
      'conversational',
      [system, user('q')],
    ],
    [
      'conversational with further shared turns',
      {
        prompt: [user('q')],
        chosen: [assistant('a'), user('r'), assistant('good')],
        rejected: [assistant('a'), user('r'), assistant('bad')],
      },
      'conversational',
      [user('q'), assistant('a'), user('r')],
    ],
    [
      'conversational without a prompt',
      { chosen: [user('q'), assistant('good')], rejected: [user('q'), assistant('bad')] },
      'conversational',
      [user('q')],
    ],
    [
      'a prompt repeated in whole conversations',
      {
        prompt: [user('q')],
        chosen: [user('q'), assistant('good')],
        rejected: [user('q'), assistant('bad')],
      },
      'conversational',
      [user('q')],
    ],
    [
      'a prompt text beside whole conversations',
      { prompt: 'q', chosen: [user('q'), assistant('good')], rejected: [user('q'), assistant('bad')] },
      'conversational',
      [user('q')],
    ],
    [
      'a prompt text before lists of one answer',
      { prompt: 'q', chosen: [assistant('good')], rejected: [assistant('bad')] },
      'conversational',
      [user('q')],
    ],
    [
      'a long common beginning of the answers',
      { prompt: 'q', chosen: [assistant('good')], rejected: [assistant('bad')], messages: [] },
      'conversational',
      [user('q')],
    ],
  ])('reads %s', async (_, raw, format, prompt) => {
    for (const [text, container] of [
      [JSON.stringify([raw], null, 2), 'json'],
      [JSON.stringify(raw), 'jsonl'],
    ] as const) {
      const file = await readPairs(text)
      expect(file).toMatchObject({ container, format, problems: [], total: 1 })
      expect(file.pairs[0]).toEqual<Pair>({
        index: 0,
        id: expect.any(String),
        prompt,
        ...answers,
        raw,
        range: expect.any(Array),
      })
    }
  })

  it('keeps answers whole that begin alike', async () => {
    const { pairs } = await readPairs(
      JSON.stringify({ chosen: [user('q'), assistant('blue')], rejected: [user('q'), assistant('black')] }),
    )
    expect([pairs[0]?.chosen, pairs[0]?.rejected]).toEqual(['blue', 'black'])
  })
})

describe('pairs that cannot be read', () => {
  const wanted =
    'wanted "conversations" with a "chosen" and a "rejected" turn, or "chosen" and "rejected" lists of messages, ' +
    'or "instruction", "chosen" and "rejected" texts, or "prompt", "chosen" and "rejected" texts, or "instruction" and "completions" with scores'
  it.each<[unknown, string]>([
    [{ ...pair, chosen: '' }, '"chosen" is empty'],
    [{ ...pair, rejected: ' \n ' }, '"rejected" is only white space'],
    [{ ...pair, rejected: null }, '"rejected" is null, wanted text'],
    [{ ...pair, prompt: '' }, '"prompt" is empty'],
    [{ ...pair, prompt: null }, '"prompt" is null, wanted text'],
    [{ ...pair, chosen: 'bad' }, 'chosen and rejected are the same text: there is no preference'],
    [{ ...pair, chosen: { role: 'assistant', content: 'x' } }, '"chosen" is an object, wanted text'],
    [{ prompt: 'q', chosen: 'good' }, 'has no "rejected"'],
    [
      { instruction: 'q', output: 'a' },
      'has no "chosen" and no "rejected": it is an instruction row, not a preference pair',
    ],
    [{ chosen: 'a', rejected: 'b' }, `has the fields "chosen", "rejected"; ${wanted}`],
    [
      { conversations: [], chosen: 'a', rejected: 'b' },
      '"conversations" is an empty list, wanted a list of turns',
    ],
    [
      { conversations: [{ from: 'gpt', value: 'x' }], chosen: 'a', rejected: 'b' },
      'the prompt ends with a turn of the assistant, wanted a user turn to answer',
    ],
    [
      { conversations: [{ from: 'system', value: '' }], chosen: 'a', rejected: 'b' },
      'the prompt is empty, wanted a user turn to answer',
    ],
    [
      {
        conversations: [{ from: 'human', value: 'q' }],
        chosen: { from: 'human', value: 'a' },
        rejected: 'b',
      },
      '"chosen" is a turn of the user, wanted the assistant',
    ],
    [
      { conversations: [{ from: 'human', value: 'q' }], chosen: { from: 'gpt', value: '' }, rejected: 'b' },
      '"chosen" (assistant): "value" is empty',
    ],
    [
      { chosen: [user('q'), assistant('a')], rejected: [user('q'), assistant('a')] },
      'chosen and rejected are the same turns: there is no preference',
    ],
    [
      { chosen: [user('q'), assistant('a')], rejected: [user('q')] },
      '"rejected" has no answer behind the turns that both share',
    ],
    [
      {
        chosen: [user('q'), assistant('a'), user('r'), assistant('b')],
        rejected: [user('q'), assistant('c')],
      },
      '"chosen" has 3 turns behind the turns that both share, wanted one assistant turn',
    ],
    [
      { chosen: [user('q'), assistant('a')], rejected: [user('q'), user('r')] },
      '"rejected" has a turn of the user behind the turns that both share, wanted one assistant turn',
    ],
    [
      { chosen: [assistant('a')], rejected: [assistant('b')] },
      'the prompt is empty, wanted a user turn to answer',
    ],
    [{ chosen: [user('q'), assistant('a')], rejected: 'b' }, '"rejected" is text, wanted a list of turns'],
    [
      { prompt: 5, chosen: [assistant('a')], rejected: [assistant('b')] },
      '"prompt" is a number, wanted a list of turns',
    ],
    [null, 'is null, wanted an object'],
    [[pair], 'is a list, wanted an object'],
  ])('%j', async (raw, reason) => {
    const file = await readPairs(`[\n${pairText},\n${JSON.stringify(raw)}\n]`)
    expect(file.problems).toEqual([{ index: 1, line: 3, reason, excerpt: expect.any(String) }])
    expect([file.pairs.length, file.total]).toEqual([1, 2])
  })
})
