import { describe, expect } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { SentenceModulesError } from '../../src/io/sentence-modules'
import { ModelError } from '../../src/models/errors'
import { loadEncoder } from '../../src/models/load-encoder'
import { int8 } from '../../src/ops/format-int8'
import { shardsOf } from '../../src/ops/matrix'
import { test } from '../gpu'
import { encoderFolder, masked, mini } from './bert-fixture'

describe('loadEncoder', () => {
  test('has the network, the tokenizer and what the files say of pooling', async () => {
    const fractions: number[] = []
    using gpu = dryGpu()
    using encoder = await loadEncoder(gpu, encoderFolder(masked), {
      storage: int8,
      onProgress: fraction => fractions.push(fraction),
    })
    const { name, network, tokenizer, modules } = encoder
    expect([name, network.architecture, network.hidden, network.maxPositions]).toEqual([
      ...['masked', 'bert', 32, 24],
    ])
    expect(tokenizer.size).toBe(network.vocabulary)
    expect(modules).toEqual({
      ...{ pooling: 'cls', normalize: true, maxTokens: 24, lowerCase: false, prefix: '' },
    })
    expect(fractions.at(-1)).toBe(1)
    const query = network.weights.get('bert.encoder.layer.0.attention.self.query.weight')!
    expect(shardsOf(query).map(({ format }) => format)).toEqual([int8])
  })

  test('gives its memory back', async ({ gpu }) => {
    const held = async () => {
      const encoder = await loadEncoder(gpu, encoderFolder(mini))
      const { allocated } = gpu.memory
      encoder[Symbol.dispose]()
      gpu.trim()
      return [allocated, gpu.memory.allocated] as const
    }
    // What uploads pass through stays with the device from the first time on.
    const [during, after] = await held()
    expect(during - after).toBeGreaterThan(200_000)
    expect(await held()).toEqual([during, after])
  })

  test('refuses other models, and vectors that are made otherwise', async () => {
    using gpu = dryGpu()
    const load = (changes: Readonly<Record<string, string>>) => loadEncoder(gpu, encoderFolder(mini, changes))
    await expect(load({ 'config.json': '{"model_type":"llama"}' })).rejects.toThrow(
      new ModelError('mini: config.json: model_type is "llama", known are: bert'),
    )
    await expect(load({ '1_Pooling/config.json': '{"pooling_mode_max_tokens":true}' })).rejects.toThrow(
      SentenceModulesError,
    )
    const config = JSON.parse(mini.files['config.json']!)
    const fewer = JSON.stringify({ ...config, vocab_size: 200 })
    await expect(load({ 'config.json': fewer })).rejects.toThrow(
      'embeddings.word_embeddings.weight has shape',
    )
    expect(gpu.memory.allocated).toBe(0)
  })

  test('stops when told', async ({ gpu }) => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(loadEncoder(gpu, encoderFolder(mini), { signal })).rejects.toThrow('enough')
  })
})
