import { describe, expect } from 'vitest'
import { encoderEmbedder } from '../../src/embedding/encoder-embedder'
import type { Gpu } from '../../src/gpu/gpu'
import type { SentenceModules } from '../../src/io/sentence-modules'
import { ModelError } from '../../src/models/errors'
import { type Encoder, loadEncoder } from '../../src/models/load-encoder'
import { test as base } from '../gpu'
import { type BertFixture, encoderFolder, expectedOf, masked, mini, texts } from '../models/bert-fixture'
import { expectAgreement } from '../models/on-network'
import { expectSame } from '../numbers'

const test = base.extend<{ encoder: Encoder }>({
  encoder: [
    async ({ gpu }, use) => {
      using encoder = await loadEncoder(gpu, encoderFolder(mini))
      await use(encoder)
    },
    { scope: 'file' },
  ],
})

/** The vectors of texts, one after the other. */
async function vectorsOf(
  encoder: Encoder,
  options: Parameters<typeof encoderEmbedder>[1] = {},
  of: readonly string[] = texts,
): Promise<Float32Array> {
  using vectors = await encoderEmbedder(encoder, options).embed(of)
  expect(vectors.shape).toEqual([of.length, encoder.network.hidden])
  return await encoder.network.gpu.read(vectors)
}

const withModules = (encoder: Encoder, modules: Partial<SentenceModules>): Encoder => ({
  ...encoder,
  modules: { ...encoder.modules, ...modules },
})

const rowOf = (values: Float32Array, i: number) => {
  const C = values.length / texts.length
  return values.slice(i * C, (i + 1) * C)
}

describe.each([
  { fixture: mini, pooling: 'mean', name: 'encoder:mini:mean:normalized:24' },
  { fixture: masked, pooling: 'cls', name: 'encoder:masked:cls:normalized:24' },
] as const)('an encoder like $fixture.name', ({ fixture, pooling, name }) => {
  const load = (gpu: Gpu, of: BertFixture = fixture) => loadEncoder(gpu, encoderFolder(of))

  test('gives the vectors of PyTorch, by the pooling of its files and any other', async ({ gpu }) => {
    using encoder = await load(gpu)
    const want = await expectedOf(fixture)
    expectAgreement(await vectorsOf(encoder), want.get(`${pooling}.unit`)!)
    for (const other of ['cls', 'last', 'mean'] as const) {
      expectAgreement(await vectorsOf(encoder, { pooling: other }), want.get(`${other}.unit`)!)
      expectAgreement(await vectorsOf(encoder, { pooling: other, normalize: false }), want.get(other)!)
    }
  })

  test('gives texts the tokens of Python’s tokenizer', async ({ gpu }) => {
    using encoder = await load(gpu)
    const { tokenizer } = encoder
    for (const [i, text] of texts.entries()) {
      const ids = tokenizer.encode(text)
      const want = fixture.sequences[i]!
      expect(ids.length > 24 ? [...ids.slice(0, 23), ids.at(-1)] : ids).toEqual(want)
    }
    const embedder = encoderEmbedder(encoder)
    expect([embedder.name, embedder.dimensions, embedder.gpu]).toEqual([name, encoder.network.hidden, gpu])
  })
})

describe('encoderEmbedder', () => {
  test('gives a text the same bits whatever is embedded with it', async ({ encoder }) => {
    const together = await vectorsOf(encoder)
    for (const [i, text] of texts.entries()) {
      expectSame(await vectorsOf(encoder, {}, [text]), rowOf(together, i))
    }
    for (const batchTokens of [1, 30, 60]) expectSame(await vectorsOf(encoder, { batchTokens }), together)
    const reversed = await vectorsOf(encoder, {}, [...texts].reverse())
    expectSame(rowOf(reversed, 0), rowOf(together, texts.length - 1))
  })

  test('keeps the start of a text that is too long, and its last token', async ({ encoder }) => {
    const text = 'a row that repeats another'
    const { tokenizer } = encoder
    const [cls, a, row] = tokenizer.encode(text)
    const kept = [cls, a, row, tokenizer.tokenId('[SEP]')]
    const encode = () => kept as number[]
    const want = await vectorsOf({ ...encoder, tokenizer: { ...tokenizer, encode } }, {}, [text])
    expectSame(await vectorsOf(encoder, { maxTokens: 4 }, [text]), want)
    for (const maxTokens of [0, 41, 2.5]) {
      expect(() => encoderEmbedder(encoder, { maxTokens })).toThrow(ModelError)
    }
    // The files may name more tokens than there are positions.
    expect(encoderEmbedder(withModules(encoder, { maxTokens: 512 })).name).toMatch(/:40$/)
    expect(encoderEmbedder(withModules(encoder, { maxTokens: null })).name).toMatch(/:40$/)
  })

  test('puts the prefix in front, and lowers letters where the files say so', async ({ encoder }) => {
    const [plain] = texts
    const want = await vectorsOf(encoder, {}, [`query: ${plain}`])
    expectSame(await vectorsOf(encoder, { prefix: 'query: ' }, [plain!]), want)
    const prefixed = withModules(encoder, { prefix: 'query: ' })
    expectSame(await vectorsOf(prefixed, {}, [plain!]), want)
    expectSame(await vectorsOf(prefixed, { prefix: '' }, [plain!]), await vectorsOf(encoder, {}, [plain!]))
    expect(encoderEmbedder(prefixed).name).toBe('encoder:mini:mean:normalized:24:"query: "')
    const seen: string[] = []
    const encode = (text: string) => {
      seen.push(text)
      return encoder.tokenizer.encode(text)
    }
    const watched = { ...encoder, tokenizer: { ...encoder.tokenizer, encode } }
    await vectorsOf(withModules(watched, { lowerCase: true }), { prefix: 'Q: ' }, ['ÀB'])
    expect(seen).toEqual(['q: àb'])
  })

  test('gives zeros to a text without a token, and nothing to no text', async ({ encoder }) => {
    const encode = (text: string) => encoder.tokenizer.encode(text, { addSpecialTokens: false })
    const bare = { ...encoder, tokenizer: { ...encoder.tokenizer, encode } }
    const values = await vectorsOf(bare, {}, ['', 'the', ' '])
    expect(values.subarray(0, 64)).toEqual(new Float32Array(64))
    expect(values.subarray(128)).toEqual(new Float32Array(64))
    expectSame(values.subarray(64, 128), await vectorsOf(bare, {}, ['the']))
    expect(await vectorsOf(encoder, {}, [])).toHaveLength(0)
  })

  test('stops between batches when told', async ({ gpu, encoder }) => {
    const abort = new AbortController()
    const before = gpu.counters.submits
    const batches = encoderEmbedder(encoder, { batchTokens: 1 })
    // A timer comes only where the embedder waits for the GPU.
    setTimeout(() => abort.abort(new Error('enough')))
    const stopped = await batches.embed(texts, { signal: abort.signal }).catch((reason: unknown) => reason)
    expect(stopped).toEqual(new Error('enough'))
    expect(gpu.counters.submits - before).toBeLessThan(texts.length)
    const aborted = batches.embed(texts, { signal: abort.signal })
    await expect(aborted).rejects.toThrow('enough')
  })

  test('takes the mean at length 1 where the files say nothing of pooling', async ({ gpu, encoder }) => {
    const none = { 'modules.json': null, '1_Pooling/config.json': null, 'sentence_bert_config.json': null }
    using plain = await loadEncoder(gpu, encoderFolder(mini, none))
    expect(encoderEmbedder(plain).name).toBe('encoder:mini:mean:normalized:40')
    expectSame(await vectorsOf(plain, { maxTokens: 24 }), await vectorsOf(encoder))
  })
})
