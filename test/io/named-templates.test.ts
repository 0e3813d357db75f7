import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChatTurn } from '../../src/io/chat-template'
import { TemplateError } from '../../src/io/chat-template'
import { alpaca, chatml, llama3, tulu, vicuna, zephyr } from '../../src/io/named-templates'
import { TokenizerError } from '../../src/io/tokenizer'
import { fixtureTokenizer, namedCases } from './template-fixture'

const templates = { vicuna, tulu, zephyr, llama3, chatml, alpaca }
const names = Object.keys(templates) as (keyof typeof templates)[]

const system = (content: string): ChatTurn => ({ role: 'system', content })
const user = (content: string): ChatTurn => ({ role: 'user', content })
const assistant = (content: string): ChatTurn => ({ role: 'assistant', content })
const two = [user('Q1'), assistant('A1'), user('Q2'), assistant('A2')]
const prompt = { addGenerationPrompt: true }

test('the strings of each template', () => {
  const vicunaSystem =
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions."
  const alpacaSystem =
    'Below is an instruction that describes a task. Write a response that appropriately completes the request.'
  expect(vicuna().render(two)).toBe(`${vicunaSystem} USER: Q1 ASSISTANT: A1</s>USER: Q2 ASSISTANT: A2</s>`)
  expect(vicuna().render(two.slice(0, 1), prompt)).toBe(`${vicunaSystem} USER: Q1 ASSISTANT:`)
  expect(tulu().render([system('S'), ...two])).toBe(
    '<|system|>\nS\n<|user|>\nQ1\n<|assistant|>\nA1</s>\n<|user|>\nQ2\n<|assistant|>\nA2</s>',
  )
  expect(tulu().render(two.slice(0, 1), prompt)).toBe('<|user|>\nQ1\n<|assistant|>\n')
  expect(llama3().render([system(' S\n'), user(' Q '), assistant('\n\tA ')])).toBe(
    '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>' +
      '<|start_header_id|>user<|end_header_id|>\n\nQ<|eot_id|>' +
      '<|start_header_id|>assistant<|end_header_id|>\n\nA<|eot_id|>',
  )
  expect(llama3().render([], prompt)).toBe(
    '<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\n',
  )
  expect(chatml().render(two.slice(0, 3), prompt)).toBe(
    '<|im_start|>user\nQ1<|im_end|>\n<|im_start|>assistant\nA1<|im_end|>\n<|im_start|>user\nQ2<|im_end|>\n<|im_start|>assistant\n',
  )
  expect(zephyr().render(two.slice(0, 2), prompt)).toBe(
    '<|user|>\nQ1</s>\n<|assistant|>\nA1</s>\n<|assistant|>\n',
  )
  expect(alpaca().render(two)).toBe(
    `${alpacaSystem}\n\n### Instruction:\nQ1\n\n### Response:\nA1</s>\n\n### Instruction:\nQ2\n\n### Response:\nA2</s>\n\n`,
  )
  expect(alpaca({ system: '' }).render(two.slice(0, 1), prompt)).toBe(
    '### Instruction:\nQ1\n\n### Response:\n',
  )
})

test('system text: the usual one, another one, and that of the conversation', () => {
  const first = ({ render }: ReturnType<typeof chatml>, turns: readonly ChatTurn[]) =>
    render(turns).split('Q1')[0]
  const said = [system('Mine.'), ...two]
  expect(first(chatml(), two)).toBe('<|im_start|>user\n')
  expect(first(chatml({ system: 'Usual.' }), two)).toBe(
    '<|im_start|>system\nUsual.<|im_end|>\n<|im_start|>user\n',
  )
  for (const template of [chatml(), chatml({ system: 'Usual.' })])
    expect(first(template, said)).toBe('<|im_start|>system\nMine.<|im_end|>\n<|im_start|>user\n')
  expect(first(vicuna({ system: 'Usual.' }), two)).toBe('Usual. USER: ')
  expect(first(vicuna(), said)).toBe('Mine. USER: ')
  expect(first(alpaca(), said)).toBe('Mine.\n\n### Instruction:\n')
})

test('the end of a turn, and what an answer does not hold', () => {
  expect(vicuna().endOfTurn).toBe('</s>')
  expect(tulu({ eos: '<|endoftext|>' }).endOfTurn).toBe('<|endoftext|>')
  expect(tulu({ eos: '<|endoftext|>' }).render(two.slice(0, 2))).toMatch(/A1<\|endoftext\|>$/)
  expect(chatml().stop).toEqual(['<|im_end|>', '<|im_start|>'])
  for (const name of names) {
    const template = templates[name]()
    expect(template.stop[0]).toBe(template.endOfTurn)
    expect(template.name).toBe(name)
    // The next turn begins with what stops an answer.
    const next = template.render(two).split('A1')[1]!.slice(template.endOfTurn.length)
    expect(next.trimStart().startsWith(template.stop[1]!)).toBe(true)
  }
})

describe.each(names)('%s', name => {
  test('writes what the other library writes', async () => {
    const { tokenizer, cases } = namedCases(name)
    const { bosToken, eosToken, tokenId } = await fixtureTokenizer(tokenizer)
    const template = templates[name]().for({ bosToken, eosToken, tokenId, addsBos: false })
    expect(cases.length).toBeGreaterThan(20)
    for (const { turns, text, prompt: before } of cases) {
      expect(template.render(turns)).toBe(text)
      expect(template.render(turns.slice(0, -1), prompt)).toBe(before)
    }
  })

  test('has pieces that are the text, its answers trained and its contents literal', () => {
    const template = templates[name]()
    const text = fc.string({ unit: 'binary', maxLength: 12 })
    const exchanges = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.option(text), exchanges, fc.boolean(), (said, given, addGenerationPrompt) => {
        const turns = [
          ...(said === null ? [] : [system(said)]),
          ...given.flatMap(([q, a]) => [user(q), assistant(a)]),
        ]
        const pieces = template.pieces(turns, { addGenerationPrompt })
        const whole = template.render(turns, { addGenerationPrompt })
        expect(pieces.map(piece => piece.text).join('')).toBe(whole)
        expect(pieces.every(piece => piece.text !== '')).toBe(true)
        for (const [i, { role, content }] of turns.entries()) {
          const mine = pieces.filter(piece => piece.turn === i)
          const joined = (chosen: typeof mine) => chosen.map(piece => piece.text).join('')
          const shown = name === 'llama3' ? strip(content) : content
          const space = name === 'vicuna' && role === 'assistant' ? ' ' : ''
          expect(joined(mine.filter(piece => piece.literal))).toBe(space + shown)
          const trained = joined(mine.filter(piece => piece.trained))
          if (role !== 'assistant') expect(trained).toBe('')
          else expect(trained.trimEnd()).toBe((space + shown + template.endOfTurn).trimEnd())
        }
        expect(pieces.filter(piece => piece.turn === null).every(piece => !piece.trained)).toBe(true)
        expect(template.pieces(turns, { addGenerationPrompt, answers: false })).toEqual(
          pieces.map(piece => ({ ...piece, trained: false })),
        )
      }),
    )
  })

  test('names a role that it has no place for', () => {
    const template = templates[name]()
    const tool = { role: 'tool', content: '' }
    expect(() => template.render([user('a'), tool])).toThrow(TemplateError)
    expect(() => template.render([user('a'), tool])).toThrow(
      `${name}: turn 1 has the role 'tool'; the template has places for system, user and assistant`,
    )
    expect(() => template.render([{ role: 'constructor', content: '' }])).toThrow(TokenizerError)
  })
})

/** Python's `str.strip`. */
const strip = (text: string) => {
  const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
  return text.replace(new RegExp(`^[${space}]+|[${space}]+$`, 'g'), '')
}

test('turns in an order that a template cannot tell apart are refused', () => {
  for (const template of [vicuna(), alpaca()]) {
    const refused = (turns: readonly ChatTurn[], reason: string) =>
      expect(() => template.render(turns)).toThrow(`${template.name}: ${reason}`)
    refused([user('a'), user('b')], "turn 1 has the role 'user', expected 'assistant'")
    refused([assistant('a')], "turn 0 has the role 'assistant', expected 'user'")
    refused([system('s'), assistant('a')], "turn 1 has the role 'assistant', expected 'user'")
    refused(
      [user('a'), system('b')],
      "turn 1 has the role 'system', which has its place before all others only",
    )
    refused([system('a'), system('b')], "turn 1 has the role 'system'")
  }
  for (const template of [chatml(), llama3(), tulu(), zephyr()])
    expect(template.render([user('a'), user('b'), system('c')])).toContain('c')
})

test('llama3 trims what Python trims', () => {
  const trimmed = (content: string) =>
    llama3()
      .render([user(content)])
      .split('<|end_header_id|>\n\n')[1]!
      .replace('<|eot_id|>', '')
  expect(trimmed('a')).toBe('a')
  expect(trimmed('\x1c\x85\u3000 a \x1f\n')).toBe('a')
  expect(trimmed('\ufeffa\u200b')).toBe('\ufeffa\u200b')
})

test('half a surrogate pair is U+FFFD, a whole one stays', () => {
  for (const name of names)
    expect(templates[name]().render([user('a\ud83d'), assistant('\udc4db👍')])).toMatch(/a\uFFFD.*\uFFFDb👍/s)
})

describe('for a tokenizer', () => {
  const tokens = { bosToken: '<s>', eosToken: '</s>', addsBos: true, tokenId: () => 1 }

  test('writes its own tokens, and its BOS once', () => {
    const other = { ...tokens, bosToken: '<b>', eosToken: '<e>' }
    expect(tulu().for(other).render(two.slice(0, 2))).toBe('<b><|user|>\nQ1\n<|assistant|>\nA1<e>')
    expect(tulu().for(other).endOfTurn).toBe('<e>')
    expect(tulu({ eos: '<own>' }).for(other).render(two.slice(0, 2))).toMatch(/A1<own>$/)
    expect(
      tulu()
        .for({ ...other, addsBos: false })
        .render([]),
    ).toBe('')
    expect(llama3().for(other).render([])).toBe('<b>')
    expect(
      llama3()
        .for({ ...other, addsBos: false })
        .render([]),
    ).toBe('<b>')
    expect(
      llama3()
        .for({ ...other, bosToken: null, addsBos: false })
        .render([]),
    ).toBe('')
    expect(tulu().for(tokens).for(other).render(two.slice(0, 2))).toBe(
      '<b><|user|>\nQ1\n<|assistant|>\nA1<e>',
    )
  })

  test('is refused if the end of a turn is none of its tokens', () => {
    expect(() => tulu().for({ ...tokens, eosToken: null })).toThrow(
      "tulu: the tokenizer has no end-of-sequence token; name one of its tokens, as in tulu({ eos: '<|endoftext|>' })",
    )
    const unknown = { ...tokens, tokenId: () => null }
    expect(() => chatml().for(unknown)).toThrow("chatml: the end of a turn, '<|im_end|>', is not a token")
    expect(() => chatml().for(unknown)).toThrow(TemplateError)
  })
})
