import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { type LoadOptions, loadModel } from '../../src/models/load-model'
import { f16 } from '../../src/ops/format-f16'
import { f32 } from '../../src/ops/format-f32'
import { Matrix } from '../../src/ops/matrix'
import { TrainingError } from '../../src/training/errors'
import { fullWeights } from '../../src/training/full-weights'
import { f32Weight } from '../f32-weight'
import { test } from '../gpu'
import { architectures } from '../models/architecture-fixture'
import { expectedOf, folder, tied } from '../models/llama-fixture'
import { expectAgreement, logProbsAndGradients } from '../models/on-network'
import { tinyLlama } from '../tiny-llama'

const { gpt2, gemma3 } = architectures
const load = (
  { files, name }: { files: Readonly<Record<string, string>>; name: string },
  gpu: Gpu,
  options: LoadOptions = {},
) => loadModel(gpu, folder(files, name), options)

describe('full weights', () => {
  test('have the gradients of PyTorch, a tied embedding once', async ({ gpu }) => {
    using model = await load(tied, gpu)
    using trained = fullWeights(model.network)
    const want = await expectedOf(tied)
    const { gradients } = await logProbsAndGradients(tied, model.network, trained.parameters)
    const wanted = [...want.keys()].filter(key => key.startsWith('grad.'))
    expect([...gradients.keys()].map(name => `grad.${name}`).sort()).toEqual(wanted.sort())
    for (const [name, gradient] of gradients) expectAgreement(gradient, want.get(`grad.${name}`)!)
    expect(trained).toMatchObject({ map: null, dropout: 0, trainsEmbedding: true })
    const sizes = [...model.network.weights.values()].map(({ size }) => size)
    expect(trained.size).toBe(sizes.reduce((a, b) => a + b, 0))
  })

  test.for([gpt2!, gemma3!])('of $name decay but for biases and norms', async (fixture, { gpu }) => {
    using model = await load(fixture, gpu)
    using trained = fullWeights(model.network)
    expect(trained.arenas.map(({ name }) => name)).toEqual([...model.network.weights.keys()])
    for (const { name, values, grads, decays } of trained.arenas) {
      expect(values.shape).toEqual([f32Weight(model.network.weights.get(name)).size])
      expect(grads.shape).toEqual(values.shape)
      // LayerNorm of GPT-2 has names that tell nothing; transformers knows its class.
      expect([name, decays]).toEqual([name, !/bias|norm|\.ln_/.test(name)])
    }
  })

  test('are those of the modules that are named, with or without the embedding', ({ gpu }) => {
    using network = tinyLlama(gpu)
    const names = (options: Parameters<typeof fullWeights>[1]) => {
      using trained = fullWeights(network, options)
      return { names: trained.parameters.map(({ name }) => name), embedding: trained.trainsEmbedding }
    }
    const rest = [...network.weights.keys()].filter(name => name !== 'model.embed_tokens.weight')
    expect(names({ trainEmbedding: false })).toEqual({ names: rest, embedding: false })
    expect(names({ targets: ['mlp.up_proj', 'norm'] })).toEqual({
      names: ['model.layers.0.mlp.up_proj.weight', 'model.layers.1.mlp.up_proj.weight', 'model.norm.weight'],
      embedding: false,
    })
    expect(names({ targets: ['embed_tokens'] })).toEqual({
      names: ['model.embed_tokens.weight'],
      embedding: true,
    })
    expect(() => names({ targets: [] })).toThrow(new TrainingError('there are no target weights to train'))
    expect(() => names({ targets: ['embed_tokens', 'up_proj'], trainEmbedding: false })).toThrow(
      /^the model has no weights to train named embed_tokens; it has input_layernorm, q_proj/,
    )
  })

  test('of an output projection of its own are no embedding', async ({ gpu }) => {
    using model = await load(architectures.llama3!, gpu)
    using head = fullWeights(model.network, { targets: ['lm_head'] })
    expect(head).toMatchObject({ trainsEmbedding: false, size: 123 * 32 })
  })

  test('stored as others than f32 are refused by name, before memory is taken', async ({ gpu }) => {
    using model = await load(gpt2!, gpu, { storage: f16 })
    expect(() => fullWeights(model.network)).toThrow(
      new TrainingError(
        'transformer.wte.weight is stored as f16, and only f32 weights are trained. Load the model with storage: f32, or train a LoRA adapter',
      ),
    )
    using vectors = fullWeights(model.network, { targets: ['ln_1', 'ln_f'] })
    expect(vectors.parameters).toHaveLength(6)
  })

  test('in shards have a parameter each, and only gradients are freed', async ({ gpu }) => {
    using network = tinyLlama(gpu)
    const shards = [0, 64].map(first => ({ first, rows: 64, format: f32, values: gpu.zeros([64, 32]) }))
    using matrix = new Matrix([128, 32], shards)
    const weights = new Map([...network.weights, ['split.weight', matrix] as const])
    const split = Object.create(network, { weights: { value: weights } }) as typeof network
    const trained = fullWeights(split)
    expect(trained.parameters.slice(-2).map(({ name }) => name)).toEqual(['split.weight', 'split.weight#1'])
    trained[Symbol.dispose]()
    expect(trained.parameters.every(({ grad }) => grad.disposed)).toBe(true)
    expect(trained.parameters.some(({ value }) => value.disposed)).toBe(false)
  })
})
