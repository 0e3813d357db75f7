import { describe, expect } from 'vitest'
import { generateTokens, type TokenOptions, type TokensEnd } from '../../src/models/generate-tokens'
import { GenerationError } from '../../src/models/generation-error'
import type { Model } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { linear } from '../../src/ops/linear'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { noise } from '../numbers'
import { test } from '../tiny-model'

type Network = Model['network']

const prompt = [5, 17, 3, 44, 8]

async function run(network: Network, options: TokenOptions, given: readonly number[] = prompt) {
  const ids: number[] = []
  let end: TokensEnd | null = null
  const running = (async function* () {
    end = yield* generateTokens(network, given, options)
  })()
  for await (const id of running) ids.push(id)
  return { ids, end }
}

/** The logits [V] of the token after all these, by a forward pass over all of them. */
async function logitsAfter(network: Network, ids: readonly number[], adapter: LoraAdapter | null = null) {
  using tape = new Tape(network.gpu, { grad: false })
  using packed = uploadPacked(network.gpu, pack([ids]))
  const hidden = network.forward(tape, packed, { adapter: adapter?.map ?? null })
  const logits = await network.gpu.read(linear(tape, hidden, network.head))
  return logits.subarray(-network.vocabulary)
}

/** The most likely tokens after a prompt, each by a forward pass over all before it. */
async function greedy(
  network: Network,
  count: number,
  { given = prompt, adapter = null as LoraAdapter | null } = {},
) {
  const ids: number[] = []
  for (let i = 0; i < count; i++) {
    const last = await logitsAfter(network, [...given, ...ids], adapter)
    ids.push(last.indexOf(Math.max(...last)))
  }
  return ids
}

describe('the most likely tokens', () => {
  test('are at every step those of a forward pass over everything', async ({ model: { network } }) => {
    const want = await greedy(network, 8)
    expect(new Set(want).size).toBeGreaterThan(2)
    expect(await run(network, { maxTokens: 8 })).toEqual({ ids: want, end: 'length' })
    // The same by logits that are read.
    expect((await run(network, { maxTokens: 5, noRepeatNgram: 40 })).ids).toEqual(want.slice(0, 5))
  })

  test('come after a prompt of one token, too', async ({ model: { network } }) => {
    const want = await greedy(network, 3, { given: [7] })
    expect((await run(network, { maxTokens: 3 }, [7])).ids).toEqual(want)
  })

  test('are those of the adapter', async ({ gpu, model: { network } }) => {
    using adapter = LoraAdapter.create(network, { rank: 4 })
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    const want = await greedy(network, 4, { adapter })
    expect((await run(network, { maxTokens: 4, adapter: adapter.map })).ids).toEqual(want)
    expect((await run(network, { maxTokens: 4 })).ids).not.toEqual(want)
  })

  test('are changed by a repetition penalty over prompt and answer', async ({ model: { network } }) => {
    const plain = [...prompt, ...(await run(network, { maxTokens: 10 })).ids]
    const { ids } = await run(network, { maxTokens: 10, repetitionPenalty: 1e6 })
    // So large a penalty sends every token that occurred behind all positive logits of others.
    expect(new Set([...prompt, ...ids]).size).toBe(prompt.length + ids.length)
    const again = plain.findIndex((id, i) => i >= prompt.length && plain.indexOf(id) < i)
    expect(again).toBeGreaterThan(0)
    const asked = await run(network, { maxTokens: 1, repetitionPenalty: 1e6 }, plain.slice(0, again))
    expect(plain.slice(0, again)).not.toContain(asked.ids[0])
  })
})

describe('the end', () => {
  test('is before the first end token', async ({ model: { network } }) => {
    const want = await greedy(network, 8)
    const last = want[5]!
    for (const endIds of [[last], [network.vocabulary - 1, last]]) {
      expect(await run(network, { maxTokens: 100, endIds })).toEqual({
        ids: want.slice(0, want.indexOf(last)),
        end: 'end',
      })
    }
  })

  test('is after maxTokens', async ({ model: { network } }) => {
    for (const maxTokens of [0, 1, 3]) {
      for (const temperature of [0, 1]) {
        const { ids, end } = await run(network, { maxTokens, temperature })
        expect({ count: ids.length, end }).toEqual({ count: maxTokens, end: 'length' })
      }
    }
  })

  test('is where the context is full', async ({ model: { network } }) => {
    const long = Array.from({ length: network.maxPositions - 5 }, (_, i) => i % 50)
    for (const temperature of [0, 1]) {
      const { ids, end } = await run(network, { maxTokens: 100, temperature }, long)
      expect({ count: ids.length, end }).toEqual({ count: 5, end: 'context' })
    }
    expect((await run(network, { maxTokens: 5 }, long)).end).toBe('length')
  })
})

test('the same seed draws the same tokens, another others', async ({ model: { network } }) => {
  const options = { maxTokens: 6, temperature: 1, topK: 40, topP: 0.95, minP: 0.001 }
  const first = await run(network, { ...options, seed: 1 })
  expect(await run(network, { ...options, seed: 1 })).toEqual(first)
  expect((await run(network, { ...options, seed: 2 })).ids).not.toEqual(first.ids)
})

describe('from the second token on', () => {
  for (const options of [{}, { temperature: 1, topP: 0.9, repetitionPenalty: 1.2 }])
    test(`nothing is created: ${JSON.stringify(options)}`, async ({ gpu, model: { network } }) => {
      let before: typeof gpu.counters | null = null
      let tokens = 0
      for await (const _ of generateTokens(network, prompt, { maxTokens: 10, ...options })) {
        tokens++
        const { buffers, bindGroups, pipelines } = gpu.counters
        if (tokens > 1) expect({ buffers, bindGroups, pipelines }).toEqual(before)
        before = { ...gpu.counters }
        for (const name of ['submits', 'dispatches'] as const) delete (before as Partial<typeof before>)[name]
      }
      expect(tokens).toBe(10)
    })
})

describe('stopping', () => {
  test('by a signal throws its reason at the next token', async ({ model: { network } }) => {
    for (const temperature of [0, 1]) {
      const stop = new AbortController()
      const seen: number[] = []
      const running = (async () => {
        for await (const id of generateTokens(network, prompt, {
          maxTokens: 60,
          temperature,
          signal: stop.signal,
        })) {
          seen.push(id)
          if (seen.length === 2) stop.abort(new Error('enough'))
        }
      })()
      await expect(running).rejects.toThrow('enough')
      expect(seen).toHaveLength(2)
    }
  })

  test('in any way gives all memory back', async ({ gpu, model: { network } }) => {
    await run(network, { maxTokens: 3 })
    gpu.trim()
    const { allocated } = gpu.memory
    for (const temperature of [0, 1]) {
      for await (const _ of generateTokens(network, prompt, { maxTokens: 50, temperature })) break
      const stop = new AbortController()
      const running = generateTokens(network, prompt, { maxTokens: 50, temperature, signal: stop.signal })
      await running.next()
      stop.abort(new Error('enough'))
      await expect(running.next()).rejects.toThrow('enough')
      const signal = AbortSignal.abort(new Error('enough'))
      await expect(run(network, { signal, temperature })).rejects.toThrow('enough')
      await run(network, { maxTokens: 3, temperature })
    }
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
  })
})

describe('what cannot be generated', () => {
  test('is said of options, before anything is computed', async ({ gpu, model: { network } }) => {
    const { dispatches } = gpu.counters
    for (const [options, said] of [
      [{ maxTokens: -1 }, 'maxTokens is -1, expected 0 or a whole number above'],
      [{ maxTokens: 1.5 }, 'maxTokens is 1.5, expected 0 or a whole number above'],
      [{ temperature: -1 }, 'temperature is -1, expected 0 or a number above'],
    ] as const)
      await expect(run(network, options)).rejects.toThrow(new GenerationError(said))
    expect(gpu.counters.dispatches).toBe(dispatches)
  })

  test('is said of prompts', async ({ model: { network } }) => {
    const { maxPositions: size, vocabulary: V } = network
    for (const [given, said] of [
      [[], 'the prompt has no token, expected one at least to continue'],
      [[1, V], `the prompt holds token ${V}, the model's vocabulary ends at ${V}`],
      [[1.5], `the prompt holds token 1.5, the model's vocabulary ends at ${V}`],
      [
        new Array(size).fill(1),
        `the prompt has ${size} tokens, the model's context is ${size}: there is no room for an answer`,
      ],
    ] as [number[], string][])
      await expect(run(network, {}, given)).rejects.toThrow(new GenerationError(said))
  })

  test('is said of logits that are not finite', async ({ gpu, model: { network } }) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      using adapter = LoraAdapter.create(network, { rank: 4 })
      gpu.write(adapter.values, noise(adapter.values.size).fill(bad))
      for (const temperature of [0, 1]) {
        const running = run(network, { adapter: adapter.map, temperature, maxTokens: 4 })
        await expect(running).rejects.toThrow(/the logit.*expected finite numbers/)
      }
    }
  })
})
