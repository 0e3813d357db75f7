import { describe, expect } from 'vitest'
import { meanHiddenState } from '../../src/embedding/mean-hidden-state'
import { ModelError } from '../../src/models/errors'
import type { Model } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { expectClose, expectSame, noise } from '../numbers'
import { test } from '../tiny-model'

/** The mean in double precision of all states, read back, of these tokens alone. */
async function meanOf({ network }: Model, ids: readonly number[]): Promise<Float64Array> {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, pack([ids]))
  const states = await network.gpu.read(network.forward(tape, packed))
  const C = network.hidden
  return Float64Array.from({ length: C }, (_, c) => {
    return ids.reduce((sum, _, t) => sum + states[t * C + c]!, 0) / ids.length
  })
}

const texts = ['the quick brown fox jumps', 'a', 'where there is a will', '']
/** States of the order of one; other places in the pack mean other tiles. */
const bound = { atol: 1e-5, rtol: 1e-5 }

describe('meanHiddenState', () => {
  test('is the mean over a text’s tokens, a row for each text in order', async ({ gpu, model }) => {
    const embedder = meanHiddenState(model)
    expect([embedder.name, embedder.dimensions, embedder.gpu]).toEqual(['mean-hidden-state:tiny', 32, gpu])
    using vectors = await embedder.embed(texts)
    expect(vectors.shape).toEqual([4, 32])
    const values = await gpu.read(vectors)
    for (const [i, text] of texts.entries()) {
      const row = values.slice(i * 32, i * 32 + 32)
      expectClose(row, await meanOf(model, model.tokenizer.encode(text)), bound)
      // The same bits whatever is embedded with it, so that what is selected does not depend on it either.
      using alone = await embedder.embed([text])
      expectSame(await gpu.read(alone), row)
    }
  })

  test('keeps the start of a text that is too long, and refuses what the model has no positions for', async ({
    gpu,
    model,
  }) => {
    const ids = model.tokenizer.encode(texts[0]!)
    using vectors = await meanHiddenState(model, { maxTokens: 6 }).embed(texts.slice(0, 1))
    expectClose(await gpu.read(vectors), await meanOf(model, ids.slice(0, 6)), bound)
    expect(() => meanHiddenState(model, { maxTokens: 129 })).toThrow(ModelError)
  })

  test('gives zeros to a text without a token', async ({ gpu, model }) => {
    const encode = (text: string) => model.tokenizer.encode(text, { addSpecialTokens: false })
    const embedder = meanHiddenState({ ...model, tokenizer: { ...model.tokenizer, encode } })
    using vectors = await embedder.embed(['', 'ab'])
    const values = await gpu.read(vectors)
    expect(values.subarray(0, 32)).toEqual(new Float32Array(32))
    expectClose(values.subarray(32), await meanOf(model, encode('ab')), bound)
  })

  test('uses the adapter, and stops when told', async ({ gpu, model }) => {
    using adapter = LoraAdapter.create(model.network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    using plain = await meanHiddenState(model).embed(texts)
    using changed = await meanHiddenState(model, { adapter: adapter.map }).embed(texts)
    expect(await gpu.read(changed)).not.toEqual(await gpu.read(plain))
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(meanHiddenState(model).embed(texts, { signal })).rejects.toThrow('enough')
  })
})
