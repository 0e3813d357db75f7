import { describe, expect } from 'vitest'
import { lastHiddenState } from '../../src/embedding/last-hidden-state'
import { ModelError } from '../../src/models/errors'
import type { Model } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { expectClose, noise } from '../numbers'
import { test } from '../tiny-model'

/** The state at the last of these tokens. */
async function lastOf({ network }: Model, ids: readonly number[]): Promise<Float32Array> {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, pack([ids]))
  return (await network.gpu.read(network.forward(tape, packed))).slice(-network.hidden)
}

const texts = ['the quick brown fox jumps', 'a', 'where there is a will', '']
/** States of the order of one; other places in the pack mean other tiles. */
const bound = { atol: 1e-5, rtol: 1e-5 }

describe('lastHiddenState', () => {
  test('is the state at the end-of-sequence token, a row for each text in order', async ({ gpu, model }) => {
    const embedder = lastHiddenState(model)
    expect([embedder.name, embedder.dimensions, embedder.gpu]).toEqual(['last-hidden-state:tiny', 32, gpu])
    using vectors = await embedder.embed(texts)
    expect(vectors.shape).toEqual([4, 32])
    const values = await gpu.read(vectors)
    for (const [i, text] of texts.entries()) {
      const want = await lastOf(model, [...model.tokenizer.encode(text), model.tokenizer.eosId!])
      expectClose(values.subarray(i * 32, i * 32 + 32), want, bound)
    }
  })

  test('keeps the start of a text that is too long, and its end token', async ({ gpu, model }) => {
    const ids = model.tokenizer.encode(texts[0]!)
    using vectors = await lastHiddenState(model, { maxTokens: 6 }).embed(texts.slice(0, 1))
    const want = await lastOf(model, [...ids.slice(0, 5), model.tokenizer.eosId!])
    expectClose(await gpu.read(vectors), want, bound)
    // The default is the model's context, whatever the text.
    using whole = await lastHiddenState(model).embed(['z'.repeat(500)])
    const full = model.tokenizer.encode('z'.repeat(500)).slice(0, model.network.maxPositions - 1)
    expectClose(await gpu.read(whole), await lastOf(model, [...full, model.tokenizer.eosId!]), bound)
  })

  test('adds no end where the tokenizer ends every text, and keeps that one', async ({ gpu, model }) => {
    const { tokenizer } = model
    // Its own end of a text, as Qwen3-Embedding's, which is not the eos.
    for (const id of [tokenizer.eosId!, 5]) {
      const encode: typeof tokenizer.encode = (text, options) => {
        const ids = tokenizer.encode(text, options)
        return options?.addSpecialTokens === false ? ids : [...ids, id]
      }
      const ended = { ...model, tokenizer: { ...tokenizer, encode } }
      using vectors = await lastHiddenState(ended).embed(texts.slice(0, 1))
      expectClose(await gpu.read(vectors), await lastOf(model, encode(texts[0]!)), bound)
      using short = await lastHiddenState(ended, { maxTokens: 6 }).embed(texts.slice(0, 1))
      const want = [...encode(texts[0]!).slice(0, 5), id]
      expectClose(await gpu.read(short), await lastOf(model, want), bound)
    }
  })

  test('refuses more tokens than the model has positions for', ({ model }) => {
    for (const maxTokens of [129, 0, 1.5]) {
      expect(() => lastHiddenState(model, { maxTokens })).toThrow(
        new ModelError(`maxTokens is ${maxTokens}, expected an integer from 1 to the model's context of 128`),
      )
    }
  })

  test('gives zeros to a text without a token, and nothing to no text', async ({ gpu, model }) => {
    const tokenizer = {
      ...model.tokenizer,
      eosId: null,
      encode: (text: string) => model.tokenizer.encode(text, { addSpecialTokens: false }),
    }
    const embedder = lastHiddenState({ ...model, tokenizer })
    using vectors = await embedder.embed(['', 'a', ''])
    const values = await gpu.read(vectors)
    expect(values.subarray(0, 32)).toEqual(new Float32Array(32))
    expect(values.subarray(64)).toEqual(new Float32Array(32))
    expectClose(values.subarray(32, 64), await lastOf(model, tokenizer.encode('a')), bound)
    using none = await embedder.embed([])
    expect(none.shape).toEqual([0, 32])
  })

  test('uses the adapter, and stops when told', async ({ gpu, model }) => {
    using adapter = LoraAdapter.create(model.network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    using plain = await lastHiddenState(model).embed(texts)
    using changed = await lastHiddenState(model, { adapter: adapter.map }).embed(texts)
    expect(await gpu.read(changed)).not.toEqual(await gpu.read(plain))
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(lastHiddenState(model).embed(texts, { signal })).rejects.toThrow('enough')
  })
})
