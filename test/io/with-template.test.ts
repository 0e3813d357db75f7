import { describe, expect, test } from 'vitest'
import { TemplateError } from '../../src/io/chat-template'
import { chatml, llama3, tulu, vicuna } from '../../src/io/named-templates'
import { modelTemplate, withTemplate } from '../../src/io/with-template'
import { encodeConversation } from '../../src/training/encode-conversation'
import { fixtureTokenizer, jinjaCases, loadFixtureTokenizer } from './template-fixture'

const turns = [
  { role: 'user', content: 'What is 17 + 4?' },
  { role: 'assistant', content: '21' },
]
const qwen = await fixtureTokenizer('qwen')
const llama = await fixtureTokenizer('llama')

describe('withTemplate', () => {
  test('a base model chats with the template', () => {
    expect(llama.hasChatTemplate).toBe(false)
    expect(() => llama.chat(turns)).toThrow('the model has no chat template')
    const tokenizer = withTemplate(llama, tulu())
    expect(tokenizer.hasChatTemplate).toBe(true)
    expect(tokenizer.chat(turns)).toBe('<s><|user|>\nWhat is 17 + 4?\n<|assistant|>\n21</s>')
    expect(tokenizer.chat(turns.slice(0, 1), { addGenerationPrompt: true })).toMatch(/<\|assistant\|>\n$/)
    expect(modelTemplate(tokenizer).render(turns)).toBe(tokenizer.chat(turns))
    expect(llama.hasChatTemplate).toBe(false)
  })

  test('what it writes has the ids that are trained', () => {
    for (const [base, template] of [
      [llama, vicuna()],
      [llama, tulu()],
      [qwen, chatml()],
      [qwen, llama3()],
    ] as const) {
      const tokenizer = withTemplate(base, template)
      const ids = tokenizer.encode(tokenizer.chat(turns), { addSpecialTokens: false })
      expect([...encodeConversation(base, template, turns).ids]).toEqual(ids)
      expect([...encodeConversation(tokenizer, modelTemplate(tokenizer), turns).ids]).toEqual(ids)
      expect(ids.filter(id => id === tokenizer.bosId)).toHaveLength(
        base === llama || template.name === 'llama3' ? 1 : 0,
      )
    }
  })

  test('the end of its turns ends answers too', async () => {
    const id = (token: string) => qwen.tokenId(token)!
    expect(qwen.endIds).toEqual([id('<|im_end|>')])
    expect(withTemplate(qwen, chatml()).endIds).toEqual([id('<|im_end|>')])
    expect(withTemplate(qwen, llama3()).endIds).toEqual([id('<|eot_id|>'), id('<|im_end|>')])
    expect(withTemplate(qwen, vicuna({ eos: '</s>' })).endIds).toEqual([id('</s>'), id('<|im_end|>')])
    const own = await loadFixtureTokenizer('qwen', { chat_template: jinjaCases('qwen3').template })
    expect(withTemplate(own, llama3()).endIds).toEqual([id('<|eot_id|>'), id('<|im_end|>')])
  })

  test('a template takes the place of the model’s own', async () => {
    const own = await loadFixtureTokenizer('qwen', { chat_template: jinjaCases('qwen2_5').template })
    expect(own.chat(turns)).toMatch(/^<\|im_start\|>system\nYou are Qwen/)
    const other = withTemplate(own, chatml())
    expect(other.chat(turns)).toMatch(/^<\|im_start\|>user\n/)
    expect(withTemplate(other, modelTemplate(own)).chat(turns)).toBe(own.chat(turns))
  })

  test('needs the token that ends a turn', () => {
    expect(() => withTemplate(llama, chatml())).toThrow(TemplateError)
    expect(() => withTemplate(llama, tulu({ eos: '<|endoftext|>' }))).toThrow(
      "tulu: the end of a turn, '<|endoftext|>', is not a token of this tokenizer",
    )
  })
})

describe('tokens that other files name', () => {
  // JSON leaves out what is undefined.
  const bare = (more: Record<string, unknown>) =>
    loadFixtureTokenizer('qwen', { bos_token: undefined, eos_token: undefined }, more)

  test('special_tokens_map.json, as the first models', async () => {
    const map = { bos_token: { content: '<s>' }, eos_token: '</s>' }
    const tokenizer = await bare({ 'special_tokens_map.json': map })
    expect([tokenizer.bosToken, tokenizer.eosToken]).toEqual(['<s>', '</s>'])
    expect(tokenizer.endIds).toEqual([tokenizer.eosId])
  })

  test('generation_config.json by id, as GPT-2', async () => {
    const id = qwen.tokenId('<|endoftext|>')!
    const tokenizer = await bare({ 'generation_config.json': { bos_token_id: id, eos_token_id: [id, 3] } })
    expect([tokenizer.bosId, tokenizer.eosToken]).toEqual([id, '<|endoftext|>'])
    expect(withTemplate(tokenizer, tulu()).chat(turns)).toMatch(/21<\|endoftext\|>$/)
  })

  test('none: a null in tokenizer_config.json, or nothing anywhere', async () => {
    const map = { bos_token: '<s>', eos_token: '</s>' }
    const tokenizer = await loadFixtureTokenizer(
      'qwen',
      { bos_token: null },
      { 'special_tokens_map.json': map },
    )
    expect([tokenizer.bosId, tokenizer.bosToken, tokenizer.addsBos]).toEqual([null, null, false])
    const none = await bare({})
    expect([none.bosToken, none.eosToken, none.eosId]).toEqual([null, null, null])
    expect(() => withTemplate(none, tulu())).toThrow('tulu: the tokenizer has no end-of-sequence token')
  })
})
