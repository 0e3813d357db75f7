import { describe, expect, test } from 'vitest'
import { filesFromList } from '../../src/io/model-files'
import { loadTokenizer } from '../../src/io/tokenizer'
import fixture from '../fixtures/tokenizers.json'

const kinds = Object.keys(fixture.kinds) as (keyof typeof fixture.kinds)[]

const load = (kind: keyof typeof fixture.kinds) => {
  const files = Object.entries(fixture.kinds[kind].files)
  const blobs = files.map(([path, json]) => [path, new Blob([JSON.stringify(json)])] as const)
  return loadTokenizer(filesFromList(new Map(blobs), kind))
}

interface Result {
  readonly ids: number[]
  readonly plain: number[]
  readonly literal?: number[]
  readonly decoded: string
  readonly withoutSpecial: string
}

describe.each(kinds)('%s', kind => {
  test('gives the ids and texts of the Python library', async () => {
    const tokenizer = await load(kind)
    const { size, results } = fixture.kinds[kind]
    expect(tokenizer.size).toBe(size)
    // The library drops U+FEFF where it is made of bytes.
    const shown = (text: string) =>
      kind === 'llama2' || kind === 'gemma' ? text.replace('\ufeff', '') : text
    for (const [i, text] of fixture.texts.entries()) {
      const { ids, plain, literal = plain, decoded, withoutSpecial } = (results as Result[])[i]!
      expect(tokenizer.encode(text), text).toEqual(ids)
      expect(tokenizer.encode(text, { addSpecialTokens: false }), text).toEqual(plain)
      expect(tokenizer.encodePieces([{ text, literal: true, trained: true }]).ids, text).toEqual(literal)
      expect(tokenizer.decode(ids), text).toBe(shown(decoded))
      expect(tokenizer.decode(ids, { skipSpecialTokens: true }), text).toBe(shown(withoutSpecial))
    }
  })
})

test('puts around a text what the model was trained with', async () => {
  const around = async (kind: keyof typeof fixture.kinds) => {
    const tokenizer = await load(kind)
    return [tokenizer.decode(tokenizer.encode('')), tokenizer.addsBos]
  }
  expect(await around('bert')).toEqual(['[CLS] [SEP]', false])
  expect(await around('unigram')).toEqual(['</s>', false])
  expect(await around('llama2')).toEqual(['<s>', true])
  expect(await around('llama3')).toEqual(['<|begin_of_text|>', true])
  expect(await around('gpt2')).toEqual(['', false])
})
