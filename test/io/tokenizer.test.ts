import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import tinyTokenizer from '../../demo/public/model/tokenizer.json'
import tinyConfig from '../../demo/public/model/tokenizer_config.json'
import { filesFromList, ModelFilesError } from '../../src/io/model-files'
import { loadTokenizer, TokenizerError } from '../../src/io/tokenizer'
import fixture from '../fixtures/byte-fallback-tokenizer.json'
import tinyCases from '../fixtures/tiny-tokenizer.json'

const { chat_template: template, ...plainConfig } = fixture.files['tokenizer_config.json']
const json = JSON.stringify(fixture.files['tokenizer.json'])

function load(config: unknown, extra: Record<string, string> = {}) {
  const contents = { 'tokenizer.json': json, 'tokenizer_config.json': JSON.stringify(config), ...extra }
  return loadTokenizer(
    filesFromList(new Map(Object.entries(contents).map(([path, text]) => [path, new Blob([text])])), 'tiny'),
  )
}
const loadFixture = () => load(fixture.files['tokenizer_config.json'])

const fetched = vi.fn(() => Promise.reject(new Error('a tokenizer must not fetch')))
beforeEach(() => {
  vi.stubGlobal('fetch', fetched)
})
afterEach(() => {
  vi.unstubAllGlobals()
  expect(fetched).not.toHaveBeenCalled()
})

test('ids and texts are those of the Python library', async () => {
  const tokenizer = await loadFixture()
  expect(tokenizer.size).toBe(fixture.size)
  expect([tokenizer.bosId, tokenizer.eosId]).toEqual([1, 2])
  for (const { text, ids, plain, decoded, withoutSpecial } of fixture.encoded) {
    expect(tokenizer.encode(text)).toEqual(ids)
    expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(plain)
    expect(tokenizer.decode(ids)).toBe(decoded)
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(withoutSpecial)
  }
})

test('the tokenizer of the bundled model gives the ids of the Python library', async () => {
  const tokenizer = await load(tinyConfig, { 'tokenizer.json': JSON.stringify(tinyTokenizer) })
  expect(tinyCases.length).toBeGreaterThan(0)
  for (const { text, ids } of tinyCases)
    expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids)
  expect(tokenizer.eosId).toBe(tokenizer.tokenId('<|im_end|>'))
  const turns = [{ role: 'user', content: 'Hi' }]
  expect(tokenizer.chat(turns, { addGenerationPrompt: true })).toBe(
    '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
  )
})

test('text without an id is an error, where the token for unknown text is not in the vocabulary', async () => {
  const model = { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [], unk_token: '<unk>' }
  const bare = JSON.stringify({
    ...fixture.files['tokenizer.json'],
    model,
    added_tokens: [],
    normalizer: null,
    post_processor: null,
  })
  const tokenizer = await load({}, { 'tokenizer.json': bare })
  expect(tokenizer.encode('ba')).toEqual([1, 0])
  expect(() => tokenizer.encode('bac')).toThrow('tiny: token 2 of "bac" has no id')
})

test('every byte of an unseen text comes back', async () => {
  const tokenizer = await loadFixture()
  const text = 'Ünïcödé, 漢字, 👍🏽 and \u0000\u007f'
  expect(tokenizer.decode(tokenizer.encode(text), { skipSpecialTokens: true })).toBe(text)
})

test('exact entries of the vocabulary', async () => {
  const tokenizer = await loadFixture()
  expect(tokenizer.tokenId('</s>')).toBe(2)
  expect(tokenizer.tokenId('<0x00>')).toBe(3)
  expect(tokenizer.tokenId('no such token')).toBeNull()
  expect(tokenizer.tokenId('constructor')).toBeNull()
})

test('nothing, and ids that do not exist', async () => {
  const tokenizer = await loadFixture()
  expect(tokenizer.encode('', { addSpecialTokens: false })).toEqual([])
  expect(tokenizer.decode([])).toBe('')
  for (const id of [-1, 330, 1.5, Number.NaN])
    expect(() => tokenizer.decode([3, id])).toThrow(
      `tiny: ${id} is not an id of the vocabulary, which has 330`,
    )
})

describe('the chat template', () => {
  test('renders as in Python', async () => {
    const tokenizer = await loadFixture()
    expect(tokenizer.hasChatTemplate).toBe(true)
    for (const { turns, rendered, prompt } of fixture.conversations) {
      expect(tokenizer.chat(turns)).toBe(rendered)
      expect(tokenizer.chat(turns, { addGenerationPrompt: true })).toBe(prompt)
    }
  })

  const turns = fixture.conversations[0]!.turns
  const { rendered } = fixture.conversations[0]!

  test('may be in a file of its own, which wins', async () => {
    const files = { 'chat_template.jinja': template }
    expect((await load(plainConfig, files)).chat(turns)).toBe(rendered)
    expect((await load({ ...plainConfig, chat_template: 'other' }, files)).chat(turns)).toBe(rendered)
  })

  test('may be the default of a list', async () => {
    const chat_template = [
      { name: 'tool_use', template: 'other' },
      { name: 'default', template },
    ]
    expect((await load({ ...plainConfig, chat_template })).chat(turns)).toBe(rendered)
  })

  test('that refuses the turns, is broken or is missing, is an error that says so', async () => {
    const refused = (await loadFixture()).chat
    expect(() => refused([turns[0]!, turns[0]!])).toThrow(TokenizerError)
    expect(() => refused([turns[0]!, turns[0]!])).toThrow(
      'the chat template refused the turns: turns must alternate',
    )
    const broken = await load({ ...plainConfig, chat_template: '{% for' })
    expect(() => broken.chat(turns)).toThrow(TokenizerError)
    const missing = await load(plainConfig)
    expect(missing.hasChatTemplate).toBe(false)
    expect(() => missing.chat(turns)).toThrow(
      /no chat template: tokenizer_config.json has no 'chat_template' that is alone/,
    )
  })
})

describe('the ids that end an answer', () => {
  const generation = (config: unknown) => ({ 'generation_config.json': JSON.stringify(config) })
  const template = (afterAnswer: string) =>
    `{% for m in messages %}<s>{{ m.content }}${afterAnswer}{% endfor %}`
  const withTemplate = (chat_template: string, extra?: Record<string, string>) =>
    load({ ...plainConfig, chat_template }, extra)

  test('are the eos, those of generation_config.json, and what the template writes after an answer', async () => {
    expect((await load(plainConfig)).endIds).toEqual([2])
    expect((await load({ ...plainConfig, eos_token: null })).endIds).toEqual([])
    expect((await load(plainConfig, generation({ eos_token_id: 7 }))).endIds).toEqual([2, 7])
    expect((await load(plainConfig, generation({ eos_token_id: [9, 2, 9, 0] }))).endIds).toEqual([2, 9, 0])
    expect((await load(plainConfig, generation({ eos_token_id: null }))).endIds).toEqual([2])
    expect((await load(plainConfig, generation({}))).endIds).toEqual([2])
    expect((await withTemplate(template('\\n<unk> </s>'), generation({ eos_token_id: 5 }))).endIds).toEqual([
      2, 5, 0,
    ])
    expect((await loadFixture()).endIds).toEqual([2])
  })

  test('are none of what a template writes before an answer, or where it writes no answer', async () => {
    expect((await withTemplate(template(''))).endIds).toEqual([2])
    expect((await withTemplate('{% for m in messages %}{{ m.role }}<unk>{% endfor %}')).endIds).toEqual([2])
    const refusing = await withTemplate("{{ raise_exception('no answers') }}")
    expect(refusing.endIds).toEqual([2])
    expect(() => refusing.chat(fixture.conversations[0]!.turns)).toThrow('no answers')
  })

  test('are in the vocabulary', async () => {
    const strange = generation({ eos_token_id: [330, -1, 1.5, 329] })
    expect((await load(plainConfig, strange)).endIds).toEqual([2, 329])
  })

  test.each([['"</s>"'], ['[2, null]'], ['{}'], ['[[2]]']])('%s is refused', async value => {
    const files = { 'generation_config.json': `{ "eos_token_id": ${value} }` }
    await expect(load(plainConfig, files)).rejects.toThrow(TokenizerError)
    await expect(load(plainConfig, files)).rejects.toThrow(
      /tiny\/generation_config.json: eos_token_id is .*, expected an id or a list of ids/,
    )
  })
})

describe('configs', () => {
  test('may write a token as an object, or leave it out', async () => {
    const tokenizer = await load({
      ...plainConfig,
      eos_token: { content: '</s>', lstrip: false },
      bos_token: null,
    })
    expect([tokenizer.bosId, tokenizer.eosId]).toEqual([null, 2])
  })

  test('may name a class of the library, as AutoTokenizer takes it, or one it does not have', async () => {
    for (const tokenizer_class of ['LlamaTokenizerFast', 'NoSuchTokenizer', 'Tensor', '', undefined]) {
      const tokenizer = await load({ ...plainConfig, tokenizer_class })
      expect(tokenizer.encode(fixture.encoded[0]!.text)).toEqual(fixture.encoded[0]!.ids)
    }
  })

  test.each<[string, unknown, Record<string, string>, RegExp]>([
    [
      'an end token outside the vocabulary',
      { ...plainConfig, eos_token: '<end>' },
      {},
      /tiny: the eos_token "<end>"/,
    ],
    ['a list', [], {}, /tiny\/tokenizer_config.json: the file is not a JSON object/],
    [
      'a tokenizer.json cut short',
      plainConfig,
      { 'tokenizer.json': json.slice(0, 99) },
      /tiny\/tokenizer.json: the file is not JSON/,
    ],
    [
      'a tokenizer.json of nothing',
      plainConfig,
      { 'tokenizer.json': '{}' },
      /tiny: tokenizer.json has no vocabulary/,
    ],
    [
      'a tokenizer.json without its merges',
      plainConfig,
      {
        'tokenizer.json': JSON.stringify({
          ...fixture.files['tokenizer.json'],
          model: { type: 'BPE', vocab: {} },
        }),
      },
      /tiny: tokenizer.json or tokenizer_config.json is unusable/,
    ],
    [
      'a model nobody knows',
      plainConfig,
      {
        'tokenizer.json': JSON.stringify({
          ...fixture.files['tokenizer.json'],
          model: { type: 'Magic', vocab: 1 },
        }),
      },
      /tiny: tokenizer.json has a model of type "Magic"/,
    ],
  ])('%s is refused', async (_, config, extra, message) => {
    await expect(load(config, extra)).rejects.toThrow(TokenizerError)
    await expect(load(config, extra)).rejects.toThrow(message)
  })

  test('a missing file is named', async () => {
    const files = filesFromList(new Map([['tokenizer.json', new Blob([json])]]), 'tiny')
    await expect(loadTokenizer(files)).rejects.toThrow(ModelFilesError)
    await expect(loadTokenizer(files)).rejects.toThrow("tiny: there is no file 'tokenizer_config.json'")
  })
})
