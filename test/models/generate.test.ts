import { describe, expect } from 'vitest'
import { ModelError } from '../../src/models/errors'
import { type GenerateOptions, generate } from '../../src/models/generate'
import type { Model } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { linear } from '../../src/ops/linear'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { test as base } from '../gpu'
import { noise } from '../numbers'
import { tinyModel } from '../tiny-model'

const test = base.extend<{ model: Model }>({
  model: [
    async ({ gpu }, use) => {
      using model = await tinyModel(gpu)
      // An end by chance would cut the tests short.
      await use({ ...model, tokenizer: { ...model.tokenizer, eosId: null } })
    },
    { scope: 'file' },
  ],
})

const hello = [{ role: 'user' as const, content: 'the quick fox' }]

/** The pieces of an answer, and the ids that they are the text of. */
async function answer(model: Model, options: GenerateOptions, turns = hello) {
  let ids: readonly number[] = []
  const decode: Model['tokenizer']['decode'] = (given, how) => {
    ids = given
    return model.tokenizer.decode(given, how)
  }
  const pieces: string[] = []
  for await (const piece of generate({ ...model, tokenizer: { ...model.tokenizer, decode } }, turns, options))
    pieces.push(piece)
  return { pieces, text: pieces.join(''), ids: [...ids] }
}

/** The most likely tokens after a prompt, each by a forward pass over all before it. */
async function greedy({ network, tokenizer }: Model, count: number, adapter: LoraAdapter | null = null) {
  const prompt = tokenizer.encode(tokenizer.chat(hello, { addGenerationPrompt: true }), {
    addSpecialTokens: false,
  })
  const ids: number[] = []
  for (let i = 0; i < count; i++) {
    using tape = new Tape(network.gpu, { grad: false })
    using packed = uploadPacked(network.gpu, pack([[...prompt, ...ids]]))
    const hidden = network.forward(tape, packed, { adapter: adapter?.map ?? null })
    const logits = await network.gpu.read(linear(tape, hidden, network.head))
    const last = logits.subarray(-network.vocabulary)
    ids.push(last.indexOf(Math.max(...last)))
  }
  return { prompt, ids }
}

describe('a greedy answer', () => {
  test('takes at every step what a forward pass over everything takes', async ({ model }) => {
    const { ids } = await greedy(model, 12)
    const got = await answer(model, { maxTokens: 12 })
    expect(got.ids).toEqual(ids)
    expect(new Set(ids).size).toBeGreaterThan(2)
    expect(got.text).toBe(model.tokenizer.decode(ids, { skipSpecialTokens: true }))
  })

  test('uses the adapter', async ({ gpu, model }) => {
    using adapter = LoraAdapter.create(model.network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    const { ids } = await greedy(model, 4, adapter)
    expect((await answer(model, { maxTokens: 4, adapter: adapter.map })).ids).toEqual(ids)
    expect((await answer(model, { maxTokens: 4 })).ids).not.toEqual(ids)
  })

  test('ends before the end-of-sequence token', async ({ model }) => {
    const { ids } = await greedy(model, 8)
    const eosId = ids[5]!
    const ends = { ...model, tokenizer: { ...model.tokenizer, eosId } }
    const want = ids.slice(0, ids.indexOf(eosId))
    const got = await answer(ends, { maxTokens: 100 })
    expect(got.ids).toEqual(want)
    expect(got.text).toBe(model.tokenizer.decode(want, { skipSpecialTokens: true }))
  })

  test('ends after maxTokens', async ({ model }) => {
    for (const maxTokens of [1, 3]) expect((await answer(model, { maxTokens })).ids).toHaveLength(maxTokens)
    expect(await answer(model, { maxTokens: 0 })).toMatchObject({ pieces: [], text: '' })
  })
})

describe('the context', () => {
  const long = (content: string) => [{ role: 'user' as const, content }]
  const lengthOf = ({ tokenizer }: Model, content: string) =>
    tokenizer.encode(tokenizer.chat(long(content), { addGenerationPrompt: true }), {
      addSpecialTokens: false,
    }).length

  test('ends the answer', async ({ model }) => {
    const room = model.network.maxPositions - lengthOf(model, '')
    const content = 'z'.repeat(room - 5)
    expect(lengthOf(model, content)).toBe(model.network.maxPositions - 5)
    expect((await answer(model, { maxTokens: 100 }, long(content))).ids).toHaveLength(5)
  })

  test('must have room for one token', async ({ model }) => {
    const size = model.network.maxPositions
    const content = 'z'.repeat(size - lengthOf(model, ''))
    await expect(answer(model, {}, long(content))).rejects.toThrow(
      new ModelError(`the conversation has ${size} tokens, the model's context is ${size}`),
    )
  })
})

describe('a sampled answer', () => {
  const options = { maxTokens: 12, temperature: 1 }

  test('is the same for the same seed and another for another', async ({ model }) => {
    const [a, b, c] = [
      await answer(model, { ...options, seed: 1 }),
      await answer(model, { ...options, seed: 1 }),
      await answer(model, { ...options, seed: 2 }),
    ]
    expect(a).toEqual(b)
    expect(c.ids).not.toEqual(a.ids)
    expect(a.ids).toHaveLength(12)
  })

  test('comes in pieces that make up its text, bytes of broken characters among them', async ({ model }) => {
    for (const seed of [3, 4, 5]) {
      const { text, ids } = await answer(model, { maxTokens: 40, temperature: 5, seed })
      expect(text).toBe(model.tokenizer.decode(ids, { skipSpecialTokens: true }))
    }
  })
})

test('a character of several tokens comes when it is whole', async ({ model }) => {
  // The tokens of the text, whatever the model would say: the decoder alone is looked at.
  const want = model.tokenizer.encode('é 👍', { addSpecialTokens: false })
  const decode = (ids: readonly number[]) =>
    model.tokenizer.decode(want.slice(0, ids.length), { skipSpecialTokens: true })
  const pieces: string[] = []
  for await (const piece of generate({ ...model, tokenizer: { ...model.tokenizer, decode } }, hello, {
    maxTokens: want.length,
  }))
    pieces.push(piece)
  expect(want.length).toBeGreaterThan(6)
  expect(pieces.filter(piece => piece.includes('\uFFFD'))).toEqual([])
  expect(pieces.join('')).toBe('é 👍')
})

describe('stopping', () => {
  test('by a signal throws its reason at the next token', async ({ model }) => {
    const stop = new AbortController()
    const pieces: string[] = []
    const running = (async () => {
      for await (const piece of generate(model, hello, { maxTokens: 60, signal: stop.signal })) {
        pieces.push(piece)
        stop.abort(new Error('enough'))
      }
    })()
    await expect(running).rejects.toThrow('enough')
    expect(pieces).toHaveLength(1)
  })

  test('by leaving the loop, or by a signal, gives the memory back', async ({ gpu, model }) => {
    await answer(model, { maxTokens: 3 })
    gpu.trim()
    const { allocated } = gpu.memory
    for await (const piece of generate(model, hello, { maxTokens: 50 })) {
      expect(piece).not.toBe('')
      break
    }
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(answer(model, { signal })).rejects.toThrow('enough')
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
  })
})
