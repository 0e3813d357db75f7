import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filesFromList } from '../../src/io/model-files'
import {
  readSentenceModules,
  type SentenceModules,
  SentenceModulesError,
} from '../../src/io/sentence-modules'

const read = (files: Readonly<Record<string, unknown>>) => {
  const blobs = Object.entries(files).map(
    ([path, value]) => [path, new Blob([typeof value === 'string' ? value : JSON.stringify(value)])] as const,
  )
  return readSentenceModules(filesFromList(new Map([['config.json', new Blob(['{}'])], ...blobs]), 'tiny'))
}

const modules = (...kinds: readonly string[]) =>
  kinds.map((kind, idx) => ({
    ...{ idx, name: `${idx}`, path: idx === 0 ? '' : `${idx}_${kind}` },
    type: `sentence_transformers.models.${kind}`,
  }))

const nothing: SentenceModules = {
  ...{ pooling: null, normalize: null, maxTokens: null, lowerCase: false, prefix: '' },
}

describe('readSentenceModules', () => {
  test('knows nothing without files, and what they say with them', async () => {
    expect(await read({})).toEqual(nothing)
    // As all-MiniLM-L6-v2.
    expect(
      await read({
        'modules.json': modules('Transformer', 'Pooling', 'Normalize'),
        '1_Pooling/config.json': {
          word_embedding_dimension: 384,
          pooling_mode_cls_token: false,
          pooling_mode_mean_tokens: true,
          pooling_mode_max_tokens: false,
          pooling_mode_mean_sqrt_len_tokens: false,
        },
        'sentence_bert_config.json': { max_seq_length: 256, do_lower_case: false },
        'config_sentence_transformers.json': { __version__: {}, prompts: {}, default_prompt_name: null },
      }),
    ).toEqual({ ...nothing, pooling: 'mean', normalize: true, maxTokens: 256 })
    // As newer versions write it.
    const newer = modules('Transformer', 'Pooling').map(({ type, ...module }) => ({
      ...module,
      type: `sentence_transformers.base.modules.${type.split('.').at(-1)!.toLowerCase()}.${type.split('.').at(-1)}`,
    }))
    expect(
      await read({
        'modules.json': newer,
        '1_Pooling/config.json': { embedding_dimension: 8, pooling_mode: 'lasttoken', include_prompt: true },
        'sentence_bert_config.json': { max_seq_length: null, do_lower_case: true },
        'config_sentence_transformers.json': {
          prompts: { query: 'query: ', document: 'passage: ' },
          default_prompt_name: 'document',
        },
      }),
    ).toEqual({ ...nothing, pooling: 'last', normalize: false, lowerCase: true, prefix: 'passage: ' })
  })

  test('takes the usual folder where only that of the pooling is there', async () => {
    const cls = { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }
    expect(await read({ '1_Pooling/config.json': cls })).toEqual({ ...nothing, pooling: 'cls' })
    expect(await read({ 'modules.json': modules('Transformer'), '1_Pooling/config.json': cls })).toEqual({
      ...nothing,
      normalize: false,
    })
  })

  test.each([
    ['Dense', { 'modules.json': modules('Transformer', 'Pooling', 'Dense', 'Normalize') }],
    ['Normalize', { 'modules.json': modules('Transformer', 'Normalize') }],
    ['modules are []', { 'modules.json': [] }],
    ['not a JSON list', { 'modules.json': {} }],
    ['not JSON', { 'modules.json': '[' }],
    ['a folder', { 'modules.json': modules('Transformer', 'Pooling').map(m => ({ ...m, path: '../1' })) }],
    ['"pooling_mode_max_tokens"', { '1_Pooling/config.json': { pooling_mode_max_tokens: true } }],
    [
      'cls_token',
      { '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true } },
    ],
    ['the pooling is []', { '1_Pooling/config.json': {} }],
    ['weightedmean', { '1_Pooling/config.json': { pooling_mode: 'weightedmean' } }],
    ['constructor', { '1_Pooling/config.json': { pooling_mode: 'constructor' } }],
    ['include_prompt', { '1_Pooling/config.json': { pooling_mode: 'mean', include_prompt: false } }],
    ['not a JSON object', { '1_Pooling/config.json': [] }],
    ['max_seq_length', { 'sentence_bert_config.json': { max_seq_length: 0 } }],
    ['do_lower_case', { 'sentence_bert_config.json': { do_lower_case: 'no' } }],
    ['default_prompt_name', { 'config_sentence_transformers.json': { default_prompt_name: 'query' } }],
    ['toString', { 'config_sentence_transformers.json': { default_prompt_name: 'toString', prompts: {} } }],
  ] as const)('refuses %s', async (named, files) => {
    const error = await read(files).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SentenceModulesError)
    expect((error as Error).message).toContain(named)
    expect((error as Error).message).toMatch(/^tiny\//)
  })

  test('answers or refuses whatever the files hold', async () => {
    const paths = ['modules.json', '1_Pooling/config.json', 'sentence_bert_config.json']
    const keys = ['type', 'path', 'pooling_mode', 'pooling_mode_cls_token', 'max_seq_length', 'do_lower_case']
    const value = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()))
    const content = fc.oneof(value, fc.array(value), fc.string())
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...paths), content), async files => {
        const result = await read(files).catch((reason: unknown) => reason)
        if (!(result instanceof SentenceModulesError)) expect(result).toHaveProperty('pooling')
      }),
      { numRuns: 150 },
    )
  })
})
