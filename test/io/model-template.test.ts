import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChatTemplate, ChatTurn } from '../../src/io/chat-template'
import { TemplateError } from '../../src/io/chat-template'
import { TokenizerError } from '../../src/io/tokenizer'
import { modelTemplate } from '../../src/io/with-template'
import { jinjaCases, loadFixtureTokenizer } from './template-fixture'

const user = (content: string): ChatTurn => ({ role: 'user', content })
const assistant = (content: string): ChatTurn => ({ role: 'assistant', content })
const two = [user('Q1'), assistant('A1'), user('Q2'), assistant('A2')]
const prompt = { addGenerationPrompt: true }

const load = async (chat_template: string, tokenizer = 'qwen') =>
  modelTemplate(await loadFixtureTokenizer(tokenizer, { chat_template }))

const joined = (pieces: readonly { text: string }[]) => pieces.map(({ text }) => text).join('')

/** The trained text of each answer. */
function trainedTexts(template: ChatTemplate, turns: readonly ChatTurn[]) {
  const pieces = template.pieces(turns)
  return turns.flatMap(({ role }, i) =>
    role === 'assistant' ? [joined(pieces.filter(piece => piece.turn === i && piece.trained))] : [],
  )
}

const names = ['qwen2_5', 'qwen2_5_training', 'qwen3', 'gemma3'] as const

describe.each(names)('%s', name => {
  test('writes what Python writes, and finds the answers in it', async () => {
    const { tokenizer, template: source, cases } = jinjaCases(name)
    const template = await load(source, tokenizer)
    for (const { turns, text, prompt: before } of cases) {
      expect(template.render(turns)).toBe(text)
      expect(template.render(turns.slice(0, -1), prompt)).toBe(before)
      const pieces = template.pieces(turns)
      expect(joined(pieces)).toBe(text)
      const plain = template.pieces(turns, { answers: false })
      expect(joined(plain)).toBe(text)
      expect(plain.some(piece => piece.trained)).toBe(false)
      expect(plain.filter(piece => piece.literal)).toEqual(
        pieces.filter(piece => piece.literal).map(piece => ({ ...piece, turn: null, trained: false })),
      )
      const last = trainedTexts(template, turns).at(-1)!
      // TRL's marks in Qwen's template begin with the header's line break.
      expect(text).toBe(name === 'qwen2_5_training' ? before.slice(0, -1) + last : before + last)
    }
  })

  test('takes any text', async () => {
    const { tokenizer, template: source } = jinjaCases(name)
    const template = await load(source, tokenizer)
    const special = fc.constantFrom('<|im_end|>', '<|im_start|>', '</s>', '<think>', '</think>', '\n', ' ')
    const text = fc.array(fc.oneof(special, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 4 })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }), given => {
        const turns = given.flatMap(([q, a]) => [user(q.join('')), assistant(a.join(''))])
        const pieces = template.pieces(turns, prompt)
        expect(joined(pieces)).toBe(template.render(turns, prompt))
        expect(joined(pieces)).not.toMatch(/\p{Surrogate}/u)
        for (const piece of pieces) {
          if (piece.trained) expect(turns[piece.turn!]!.role).toBe('assistant')
          // A special token in what somebody wrote is a piece of its own, and no other piece is literal.
          if (piece.literal) expect(['<|im_end|>', '<|im_start|>', '</s>']).toContain(piece.text)
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('answers found by comparing', () => {
  test('in a history that is written otherwise than it was', async () => {
    const template = await load(jinjaCases('qwen3').template)
    const thought = assistant('<think>\nWhy?\n</think>\n\nA1')
    expect(trainedTexts(template, [user('Q1'), thought])).toEqual([
      '<think>\nWhy?\n</think>\n\nA1<|im_end|>\n',
    ])
    expect(trainedTexts(template, [user('Q1'), thought, user('Q2'), assistant('A2')])).toEqual([
      'A1<|im_end|>\n',
      '<think>\n\n</think>\n\nA2<|im_end|>\n',
    ])
  })

  test('where the prompt ends with the beginning of an answer', async () => {
    const template = await load(
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}",
    )
    expect(trainedTexts(template, two)).toEqual(['A1<|im_end|>', 'A2<|im_end|>'])
    expect(trainedTexts(template, [user('Q'), assistant('<think>\nW')])).toEqual(['W<|im_end|>'])
  })

  test('with an end that only the last turn has, or none at all', async () => {
    const each = '{% for m in messages %}[{{ m.role }}]{{ m.content }}'
    const header = '{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}'
    const last = await load(`${each}{% if loop.last %}</s>{% endif %}${header}`)
    expect(trainedTexts(last, two)).toEqual(['A1', 'A2</s>'])
    const none = await load(each + header)
    expect(trainedTexts(none, two)).toEqual(['A1', 'A2'])
    expect([none.endOfTurn, last.endOfTurn]).toEqual(['', '</s>'])
    expect([none.stop, last.stop]).toEqual([[], ['</s>']])
  })

  test('that are empty, alike, or spell the template’s own tokens', async () => {
    const template = await load(jinjaCases('qwen2_5').template)
    const end = '<|im_end|>\n'
    const turns = [user(''), assistant(''), user('A'), assistant('A'), user('A'), assistant(`A${end}`)]
    expect(trainedTexts(template, turns)).toEqual([end, `A${end}`, `A${end}${end}`])
    const literal = template.pieces(turns).filter(piece => piece.literal)
    expect(literal).toEqual([{ text: '<|im_end|>', turn: 5, trained: true, literal: true }])
  })

  test('before any question, and where the model writes the header too: no prompt ends with it', async () => {
    const template = await load(
      "{% for m in messages %}{{ messages[0].role[0] + m.content + '</s>' }}{% endfor %}",
    )
    expect(trainedTexts(template, [assistant('A')])).toEqual(['aA</s>'])
  })

  test('are none where the template does not write them as they are', async () => {
    for (const written of ['m.content | upper', 'm.content + m.content', "m.content | length ~ ' '"]) {
      const template = await load(`{% for m in messages %}{{ ${written} }}{% endfor %}`)
      expect(() => template.pieces(two)).toThrow(TemplateError)
      expect(() => template.pieces(two)).toThrow(
        'qwen: the chat template does not write the answer of turn 1 where it can be told from the rest',
      )
      expect(joined(template.pieces([user('Q1')]))).toBe(template.render([user('Q1')]))
    }
  })
})

test('text before an answer that depends on the answer is an error: it would be told of in the prompt', async () => {
  const template = await load(
    '{% for m in messages %}[{{ m.content | length }}]{{ m.content }}{% endfor %}' +
      '{% if add_generation_prompt %}[assistant]{% endif %}',
  )
  expect(() => template.pieces(two)).toThrow('does not write the answer of turn 1 where it can be told')
})

describe('answers that the template marks', () => {
  const marked = (open: string, close: string) =>
    load(
      `{% for m in messages %}\n{% if m.role == 'assistant' %}\n${open}\n {{ m.content }}</s>\n${close}\n.\n` +
        '{% else %}\n{{ m.content }}\n{% endif %}\n{% endfor %}',
    )

  test('have the white space that the marks leave', async () => {
    const cases = [
      ['{% generation %}', '{% endgeneration %}', [' A1</s>\n', ' A2</s>\n']],
      ['{%- generation -%}', '{%- endgeneration -%}', ['A1</s>', 'A2</s>']],
      ['{%-generation%}', '{%endgeneration-%}', [' A1</s>\n', ' A2</s>\n']],
    ] as const
    for (const [open, close, expected] of cases) {
      const template = await marked(open, close)
      expect(trainedTexts(template, two)).toEqual(expected)
      expect(joined(template.pieces(two))).toBe(template.render(two))
    }
  })

  test('may be marked in parts, as Phi 3’s in TRL: the end of the last turn by itself', async () => {
    const template = await load(
      "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}{% generation %}{{ m.content }}" +
        '<|im_end|>{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}' +
        '{% generation %}{{ eos_token }}{% endgeneration %}',
    )
    expect(trainedTexts(template, two)).toEqual(['A1<|im_end|>', 'A2<|im_end|><|im_end|>'])
  })

  test('are those of the conversation, or an error', async () => {
    const template = await load('{% generation %}{{ messages[0].content }}{% endgeneration %}')
    expect(() => template.pieces(two)).toThrow(
      'qwen: the chat template marks 1 answers with {% generation %}, the conversation has 2',
    )
  })
})

test('a template that refuses the turns says so, whoever asks', async () => {
  const template = await load("{{ raise_exception('no turns like these') }}")
  for (const ask of [template.render, template.pieces]) {
    expect(() => ask(two)).toThrow(TokenizerError)
    expect(() => ask(two)).toThrow('qwen: the chat template refused the turns: no turns like these')
  }
})

test('a model without a template has none to give', async () => {
  const tokenizer = await loadFixtureTokenizer('qwen')
  expect(tokenizer.template).toBeNull()
  expect(() => modelTemplate(tokenizer)).toThrow(TokenizerError)
})
