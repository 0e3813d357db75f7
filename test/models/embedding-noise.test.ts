import { describe, expect } from 'vitest'
import { pack, uploadPacked } from '../../src/nn/packed'
import { NOISE_STREAM } from '../../src/ops/embedding-noise'
import { Tape } from '../../src/ops/tape'
import { f32Weight } from '../f32-weight'
import { test } from '../gpu'
import { expectClose } from '../numbers'
import { embeddingNoise } from '../reference/embedding-noise'
import { tinyConfig, tinyLlama } from '../tiny-llama'

const ids = Uint32Array.of(3, 60, 4, 1, 5, 9, 2, 6)
const SEED = 11

describe('noise on embedded tokens', () => {
  // Gemma scales embeddings: the noise comes after.
  test.for([1, 3])('is that of another embedding, at scale %d', async (embeddingScale, { gpu }) => {
    using network = tinyLlama(gpu, { ...tinyConfig, embeddingScale })
    const [T, C] = [ids.length, network.hidden]
    const magnitudes = Float32Array.from(ids, (_, t) => (t < 5 ? 0.5 : 0))
    using packed = uploadPacked(gpu, pack([ids]))
    using seed = gpu.tensor([1], Uint32Array.of(SEED))
    using magnitude = gpu.tensor([T], magnitudes)
    const hidden = async (noise: { magnitude: typeof magnitude; seed: typeof seed } | null) => {
      using tape = new Tape(gpu, { grad: false })
      return await gpu.read(network.forward(tape, packed, { noise }))
    }
    const still = await hidden(null)
    const noisy = await hidden({ magnitude, seed })
    expect(noisy).not.toEqual(still)

    const table = f32Weight(network.weights.get('model.embed_tokens.weight'))
    const values = await gpu.read(table)
    embeddingNoise(magnitudes, C, SEED, NOISE_STREAM).forEach((v, i) => {
      values[ids[Math.floor(i / C)]! * C + (i % C)]! += v / embeddingScale
    })
    gpu.write(table, values)
    // Two roundings of an embedding's value, led through two layers.
    expectClose(await hidden(null), noisy, { atol: 2e-5, rtol: 2e-5 })
  })
})
