import { describe, expect } from 'vitest'
import { IncrementalDecoder } from '../../src/models/incremental-decoder'
import type { Model } from '../../src/models/load-model'
import { pack, uploadPacked } from '../../src/nn/packed'
import { gather } from '../../src/ops/gather'
import { linear } from '../../src/ops/linear'
import { Tape } from '../../src/ops/tape'
import { test as base } from '../gpu'
import { expectClose, noise } from '../numbers'
import { tinyModel } from '../tiny-model'

/** A model that takes long texts, and little time for them. */
const test = base.extend<{ model: Model }>({
  model: [
    async ({ gpu }, use) => {
      using model = await tinyModel(gpu, {
        ...{ maxPositions: 1200, hidden: 8, intermediate: 8, layers: 2, heads: 1, kvHeads: 1, headSize: 8 },
      })
      await use(model)
    },
    { scope: 'file' },
  ],
})

const idsOf = ({ network }: Model, count: number) =>
  Array.from(noise(count, 7), x => Math.floor(((x + 1) / 2) * network.vocabulary))

/** Logits after the last of these tokens, by a forward pass over all of them. */
async function logitsAfter({ network }: Model, ids: readonly number[]): Promise<Float32Array> {
  const { gpu } = network
  using tape = new Tape(gpu, { grad: false })
  using packed = uploadPacked(gpu, pack([ids]))
  using last = gpu.tensor([1], Uint32Array.of(ids.length - 1))
  const hidden = gather(tape, network.forward(tape, packed), last)
  return gpu.read(linear(tape, hidden, network.head))
}

// Softmax over a thousand keys in another order: sums of f32.
const bound = { atol: 1e-5, rtol: 1e-5 }

describe('an incremental decoder', () => {
  test.for([0, 1, 511, 512, 513, 1100])(
    'gives the logits of a whole pass after %i tokens',
    async (count, { model }) => {
      const ids = idsOf(model, count + 2)
      using decoder = new IncrementalDecoder(model.network, null, { prompt: count, most: count + 2 })
      await decoder.skip(ids.slice(0, -2))
      for (const n of [1, 2]) {
        const got = await decoder.logits(ids[count + n - 1]!)
        expectClose(got, await logitsAfter(model, ids.slice(0, count + n)), bound)
      }
    },
  )

  test('keeps what it knows while its cache grows, at steps and passes', async ({ gpu, model }) => {
    const ids = idsOf(model, 700)
    using decoder = new IncrementalDecoder(model.network, null, { prompt: 2, most: 1000 })
    const { allocated } = gpu.memory
    // The first cache ends at 258 tokens, the second at 516.
    await decoder.skip(ids.slice(0, 256))
    let at = 256
    for (; at < 260; at++) {
      const got = await decoder.logits(ids[at]!)
      expectClose(got, await logitsAfter(model, ids.slice(0, at + 1)), bound)
    }
    await decoder.skip(ids.slice(at, 690))
    expectClose(await decoder.logits(ids[690]!), await logitsAfter(model, ids.slice(0, 691)), bound)
    expect(gpu.memory.allocated).toBeGreaterThan(allocated)
  })

  test('is stopped by a signal between the passes of a prompt', async ({ gpu, model }) => {
    using decoder = new IncrementalDecoder(model.network, null, { prompt: 1200, most: 1200 })
    const stop = new AbortController()
    const skipping = decoder.skip(idsOf(model, 1100), stop.signal)
    const { dispatches } = gpu.counters
    stop.abort(new Error('enough'))
    await expect(skipping).rejects.toThrow('enough')
    expect(gpu.counters.dispatches).toBe(dispatches)
  })

  test('hands the most likely token on to itself', async ({ model }) => {
    const given = idsOf(model, 5)
    const most = (logits: Float32Array) => logits.indexOf(Math.max(...logits))
    using reading = new IncrementalDecoder(model.network, null, { prompt: 5, most: 12 })
    await reading.skip(given.slice(0, -1))
    const want = [given.at(-1)!]
    for (let n = 0; n < 6; n++) want.push(most(await reading.logits(want.at(-1)!)))

    using decoder = new IncrementalDecoder(model.network, null, { prompt: 5, most: 12 })
    await decoder.skip(given.slice(0, -1))
    const ahead = [decoder.mostLikely(given.at(-1)!), ...want.slice(2).map(() => decoder.mostLikely())]
    expect(await Promise.all(ahead)).toEqual(want.slice(1))
  })

  test('creates its cache by need, not for the whole context', async ({ gpu, model }) => {
    gpu.trim()
    const before = gpu.memory.allocated
    using _ = new IncrementalDecoder(model.network, null, { prompt: 10, most: 1200 })
    // Two layers of keys and values of 266 × 8 f32, and inputs and logits.
    expect(gpu.memory.allocated - before).toBeLessThan(4 * 266 * 8 * 4 + 8 * 1024)
  })
})
