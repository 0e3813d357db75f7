import { describe, expect } from 'vitest'
import { complete, type Generated, type GenerateOptions, generate } from '../../src/models/generate'
import { generateTokens } from '../../src/models/generate-tokens'
import { GenerationError } from '../../src/models/generation-error'
import type { Model } from '../../src/models/load-model'
import { test as base } from '../gpu'
import { tinyModel } from '../tiny-model'

const test = base.extend<{ model: Model }>({
  model: [
    async ({ gpu }, use) => {
      using model = await tinyModel(gpu)
      // An end by chance would cut the tests short.
      await use({ ...model, tokenizer: { ...model.tokenizer, endIds: [] } })
    },
    { scope: 'file' },
  ],
})

const hello = [{ role: 'user' as const, content: 'the quick fox' }]

async function taken(running: AsyncGenerator<string, Generated, undefined>) {
  const pieces: string[] = []
  for (;;) {
    const { done, value } = await running.next()
    if (done) return { pieces, text: pieces.join(''), ...value }
    pieces.push(value)
  }
}
const answer = (model: Model, options: GenerateOptions = {}, turns = hello) =>
  taken(generate(model, turns, options))

const promptOf = ({ tokenizer }: Model, turns = hello) =>
  tokenizer.encode(tokenizer.chat(turns, { addGenerationPrompt: true }), { addSpecialTokens: false })

async function idsOf({ network }: Model, prompt: readonly number[], options: GenerateOptions) {
  const ids: number[] = []
  for await (const id of generateTokens(network, prompt, options)) ids.push(id)
  return ids
}

const textOf = ({ tokenizer }: Model, ids: readonly number[]) =>
  tokenizer.decode(ids, { skipSpecialTokens: true })

describe('an answer', () => {
  test('is in pieces the text of its tokens, and says how it went', async ({ model }) => {
    const prompt = promptOf(model)
    const options = [
      { maxTokens: 4 },
      // Bytes of broken characters are among these.
      { maxTokens: 12, temperature: 5, seed: 4 },
    ]
    for (const how of options) {
      const ids = await idsOf(model, prompt, how)
      const { pieces, text, ...generated } = await answer(model, how)
      expect(text).toBe(textOf(model, ids))
      expect(pieces).not.toContain('')
      expect(generated).toEqual({
        reason: 'length',
        promptTokens: prompt.length,
        answerTokens: how.maxTokens,
      })
    }
  })

  test('comes while it is made', async ({ model }) => {
    const { pieces } = await answer(model, { maxTokens: 8 })
    expect(pieces.length).toBeGreaterThan(4)
  })

  test('ends before any of the end tokens', async ({ model }) => {
    const ids = await idsOf(model, promptOf(model), { maxTokens: 8 })
    const last = ids[5]!
    const count = ids.indexOf(last)
    for (const endIds of [[last], [1, last]]) {
      const ends = { ...model, tokenizer: { ...model.tokenizer, endIds } }
      const got = await answer(ends, { maxTokens: 100 })
      expect(got).toMatchObject({
        reason: 'end',
        answerTokens: count,
        text: textOf(model, ids.slice(0, count)),
      })
    }
  })

  test('ends where the context is full, and needs room for one token', async ({ model }) => {
    const { maxPositions } = model.network
    const filled = (size: number) => {
      const turns = (content: string) => [{ role: 'user' as const, content }]
      const given = turns('z'.repeat(size - promptOf(model, turns('')).length))
      expect(promptOf(model, given)).toHaveLength(size)
      return given
    }
    const got = await answer(model, { maxTokens: 100 }, filled(maxPositions - 5))
    expect(got).toMatchObject({ reason: 'context', answerTokens: 5, promptTokens: maxPositions - 5 })
    await expect(answer(model, {}, filled(maxPositions))).rejects.toThrow(GenerationError)
  })
})

describe('a stop string', () => {
  test('ends the text before it, inside tokens and across them', async ({ model }) => {
    const options = { maxTokens: 14, temperature: 1, seed: 3 }
    const { text, pieces } = await answer(model, options)
    const middle = pieces.slice(0, 2).join('').length
    for (const begin of [middle - 1, middle + 1]) {
      const stop = ['never in the text', text.slice(begin, begin + 3)]
      expect(pieces).not.toContain(stop[1])
      const got = await answer(model, { ...options, maxTokens: 40, stop })
      expect(got).toMatchObject({ reason: 'stop', text: text.slice(0, text.indexOf(stop[1]!)) })
      expect(got.answerTokens).toBeLessThan(14)
    }
  })

  test('that does not come changes nothing', async ({ model }) => {
    const options = { maxTokens: 6, temperature: 1, seed: 3 }
    const { text } = await answer(model, options)
    const stop = [`${text.slice(-2)} and no more`, `${text.slice(3, 6)}\u0001`]
    expect(await answer(model, { ...options, stop })).toMatchObject({ reason: 'length', text })
  })

  test('is found before a character that is never finished', async ({ model }) => {
    // The text of the tokens, whatever the model would say: what is made of it alone is looked at.
    const decode = (ids: readonly number[]) => (ids.length > 0 ? 'so\uFFFD' : '')
    const broken = { ...model, tokenizer: { ...model.tokenizer, decode } }
    expect(await answer(broken, { maxTokens: 1 })).toMatchObject({ reason: 'length', text: 'so\uFFFD' })
    expect(await answer(broken, { maxTokens: 1, stop: ['o'] })).toMatchObject({ reason: 'stop', text: 's' })
  })

  test('must not be empty', async ({ model }) => {
    await expect(answer(model, { stop: [''] })).rejects.toThrow('stop string 0 is empty')
  })
})

describe('a completion', () => {
  test('continues a text with the special tokens around it, and no template', async ({ model }) => {
    const prompt = model.tokenizer.encode('the quick brown')
    expect(prompt[0]).toBe(model.tokenizer.bosId)
    const ids = await idsOf(model, prompt, { maxTokens: 10 })
    const got = await taken(complete(model, 'the quick brown', { maxTokens: 10 }))
    expect(got).toMatchObject({ text: textOf(model, ids), promptTokens: prompt.length, reason: 'length' })
  })
})

describe('stopping', () => {
  test('by a signal throws its reason after the piece', async ({ model }) => {
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

  test('by a stop string, by leaving the loop or by a signal gives the memory back', async ({
    gpu,
    model,
  }) => {
    const { text } = await answer(model, { maxTokens: 9 })
    gpu.trim()
    const { allocated } = gpu.memory
    for await (const piece of generate(model, hello, { maxTokens: 50 })) {
      expect(piece).not.toBe('')
      break
    }
    await answer(model, { maxTokens: 50, stop: [text.slice(4, 6)] })
    await expect(answer(model, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
  })
})
