import { describe, expect } from 'vitest'
import { ShapeError } from '../../src/gpu/errors'
import { eachLastHidden, type LastHiddenOptions } from '../../src/models/last-hidden'
import { pack, uploadPacked } from '../../src/nn/packed'
import { Tape } from '../../src/ops/tape'
import { LoraAdapter } from '../../src/training/lora-adapter'
import { test } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const C = tinyConfig.hidden
const ids = (length: number, seed: number) => Array.from(noise(length, seed), v => Math.floor(30 * (v + 1)))
const sequences = [9, 30, 1, 9, 17, 100, 2, 5].map(ids)

async function collect(
  network: ReturnType<typeof tinyLlama>,
  all: readonly number[][],
  options: LastHiddenOptions = {},
) {
  const groups: number[][] = []
  const rows: Float32Array[] = all.map(() => new Float32Array(0))
  await eachLastHidden(network, all, options, async ({ hidden, indices }) => {
    const values = await network.gpu.read(hidden)
    indices.forEach((i, n) => {
      rows[i] = values.slice(n * C, (n + 1) * C)
    })
    groups.push([...indices])
  })
  return { groups, rows }
}

describe('eachLastHidden', () => {
  test('packs by length, and no group holds more tokens than it may but a sequence that is longer', async ({
    gpu,
  }) => {
    using network = tinyLlama(gpu)
    const { groups } = await collect(network, sequences, { batchTokens: 20 })
    // Lengths 1, 2, 5, 9 make 17; the other 9 does not fit with 17.
    expect(groups).toEqual([[2, 6, 7, 0], [3], [4], [1], [5]])
    expect((await collect(network, sequences)).groups).toEqual([[2, 6, 7, 0, 3, 4, 1, 5]])
    expect((await collect(network, [])).groups).toEqual([])
  })

  test('gives the last state of each the bits of a pass of it alone, however they are grouped', async ({
    gpu,
  }) => {
    using network = tinyLlama(gpu)
    const want: Float32Array[] = []
    for (const sequence of sequences) {
      using tape = new Tape(gpu, { grad: false })
      using packed = uploadPacked(gpu, pack([sequence]))
      want.push((await gpu.read(network.forward(tape, packed))).slice(-C))
    }
    for (const batchTokens of [1, 20, 4096]) {
      const { rows } = await collect(network, sequences, { batchTokens })
      rows.forEach((row, i) => {
        expectSame(row, want[i]!)
      })
    }
  })

  test('gives an empty sequence no state, and does not take its neighbour’s', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    const { rows } = await collect(network, [[4, 5], [], [6]])
    expect(rows[1]).toEqual(new Float32Array(C))
    const alone = await collect(network, [[6]])
    expectSame(rows[2]!, alone.rows[0]!)
  })

  test('uses the adapter, and frees what a group took', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    using adapter = LoraAdapter.create(network, { rank: 4 })
    const plain = await collect(network, sequences)
    gpu.write(adapter.values, noise(adapter.values.size, 3, 0.3))
    gpu.trim()
    const { allocated } = gpu.memory
    const changed = await collect(network, sequences, { adapter: adapter.map, batchTokens: 40 })
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
    expect(changed.rows[0]).not.toEqual(plain.rows[0])
  })

  test('stops between groups when told', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    const stop = new AbortController()
    let seen = 0
    const running = eachLastHidden(network, sequences, { batchTokens: 20, signal: stop.signal }, async () => {
      seen++
      stop.abort(new Error('enough'))
    })
    await expect(running).rejects.toThrow('enough')
    expect(seen).toBe(1)
  })

  describe('with a prefix', () => {
    const prefix = ids(11, 99)
    const prefixed = [
      ...[9, 30, 1, 9, 60].map((length, i) => [...prefix, ...ids(length, 40 + i)]),
      // Shorter than it, as long as it, and unlike it.
      prefix.slice(0, 5),
      prefix,
      ids(30, 7),
    ]

    test('gives what it gives without, but for rounding', async ({ gpu }) => {
      using network = tinyLlama(gpu)
      const without = await collect(network, prefixed)
      const shared = await collect(network, prefixed, { prefix, batchTokens: 64 })
      shared.rows.forEach((row, i) => {
        expectClose(row, without.rows[i]!, { atol: 1e-5, rtol: 1e-5 })
      })
      // What has the prefix comes first, without it: 1, 9, 9 and 30 tokens in one pass.
      expect(shared.groups).toEqual([[2, 0, 3, 1], [4], [5, 6, 7]])
    })

    test('gives each the same bits whatever else there is', async ({ gpu }) => {
      using network = tinyLlama(gpu)
      const { rows } = await collect(network, prefixed, { prefix })
      for (const [i, sequence] of prefixed.entries()) {
        const own = await collect(network, [sequence], { prefix })
        expectSame(own.rows[0]!, rows[i]!)
      }
    })

    test('with an adapter computes the prefix with it', async ({ gpu }) => {
      using network = tinyLlama(gpu)
      using adapter = LoraAdapter.create(network, { rank: 2, seed: 3 })
      gpu.write(adapter.values, noise(adapter.values.size, 5, 0.2))
      const options = { adapter: adapter.map }
      const without = await collect(network, prefixed, options)
      const shared = await collect(network, prefixed, { prefix, ...options })
      shared.rows.forEach((row, i) => {
        expectClose(row, without.rows[i]!, { atol: 1e-5, rtol: 1e-5 })
      })
    })

    test('leaves nothing where its pass fails', async ({ gpu }) => {
      using network = tinyLlama(gpu)
      using a = gpu.zeros([4, C + 4])
      using b = gpu.zeros([C, 4])
      const adapter = new Map([
        ['model.layers.1.self_attn.q_proj', { a, b, scale: 1, stream: 0, magnitude: null }],
      ])
      await collect(network, prefixed, { prefix })
      gpu.trim()
      const before = gpu.memory.allocated
      await expect(collect(network, prefixed, { prefix, adapter })).rejects.toThrow(ShapeError)
      gpu.trim()
      expect(gpu.memory.allocated).toBe(before)
    })

    test('is not shared by what exceeds the window of a layer, nor where it is short', async ({ gpu }) => {
      const kinds = [{ ...tinyConfig.kinds[0]!, window: 40 }]
      using network = tinyLlama(gpu, { ...tinyConfig, kinds })
      const without = await collect(network, prefixed)
      const shared = await collect(network, prefixed, { prefix })
      shared.rows.forEach((row, i) => {
        expectClose(row, without.rows[i]!, { atol: 1e-5, rtol: 1e-5 })
      })
      expect(shared.groups).toEqual([
        [2, 0, 3],
        [5, 6, 7, 1, 4],
      ])
      const short = await collect(network, prefixed, { prefix: prefix.slice(0, 7) })
      expect(short.groups).toHaveLength(1)
    })
  })
})
