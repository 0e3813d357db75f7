import { describe, expect } from 'vitest'
import { positionWeightedMean } from '../../src/embedding/position-weighted-mean'
import { ModelError } from '../../src/models/errors'
import type { Model } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/position-weighted-mean'
import { test } from '../tiny-model'

/** The mean in double precision of all states, read back, of these tokens alone. */
async function meanOf({ network }: Model, ids: readonly number[]): Promise<Float64Array> {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, pack([ids]))
  return reference.positionWeightedMean(await network.gpu.read(network.forward(tape, packed)), network.hidden)
}

const texts = ['the quick brown fox jumps', 'a', 'where there is a will', '']
/** States of the order of one; other places in the pack mean other tiles. */
const bound = { atol: 1e-5, rtol: 1e-5 }

describe('positionWeightedMean', () => {
  test('is the weighted mean over a text’s tokens, a row for each text in order', async ({ gpu, model }) => {
    const embedder = positionWeightedMean(model)
    expect([embedder.name, embedder.dimensions, embedder.gpu]).toEqual([
      'position-weighted-mean:tiny',
      32,
      gpu,
    ])
    using vectors = await embedder.embed(texts)
    expect(vectors.shape).toEqual([4, 32])
    const values = await gpu.read(vectors)
    for (const [i, text] of texts.entries()) {
      const want = await meanOf(model, model.tokenizer.encode(text))
      expectClose(values.subarray(i * 32, i * 32 + 32), want, bound)
      expect(want.some(v => Math.abs(v) > 0.01)).toBe(true)
    }
    // The same bits whatever is embedded with it, so that what is selected does not depend on it either.
    for (const [i, text] of texts.entries()) {
      using alone = await embedder.embed([text])
      expect(await gpu.read(alone)).toEqual(values.slice(i * 32, i * 32 + 32))
    }
  })

  test('keeps the start of a text that is too long, and refuses what the model has no positions for', async ({
    gpu,
    model,
  }) => {
    const ids = model.tokenizer.encode(texts[0]!)
    using vectors = await positionWeightedMean(model, { maxTokens: 6 }).embed(texts.slice(0, 1))
    expectClose(await gpu.read(vectors), await meanOf(model, ids.slice(0, 6)), bound)
    expect(() => positionWeightedMean(model, { maxTokens: 129 })).toThrow(ModelError)
  })

  test('gives zeros to a text without a token, and nothing to no text', async ({ gpu, model }) => {
    const encode = (text: string) => model.tokenizer.encode(text, { addSpecialTokens: false })
    const embedder = positionWeightedMean({ ...model, tokenizer: { ...model.tokenizer, encode } })
    using vectors = await embedder.embed(['', 'ab', ''])
    const values = await gpu.read(vectors)
    expect(values.subarray(0, 32)).toEqual(new Float32Array(32))
    expect(values.subarray(64)).toEqual(new Float32Array(32))
    expectClose(values.subarray(32, 64), await meanOf(model, encode('ab')), bound)
    using none = await embedder.embed([])
    expect(none.shape).toEqual([0, 32])
  })

  test('uses the adapter, and stops when told', async ({ gpu, model }) => {
    using adapter = LoraAdapter.create(model.network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    using plain = await positionWeightedMean(model).embed(texts)
    using changed = await positionWeightedMean(model, { adapter: adapter.map }).embed(texts)
    expect(await gpu.read(changed)).not.toEqual(await gpu.read(plain))
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(positionWeightedMean(model).embed(texts, { signal })).rejects.toThrow('enough')
  })
})
