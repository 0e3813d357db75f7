import type { Gpu } from '../src/gpu/gpu'
import { loadTokenizer } from '../src/io/tokenizer'
import type { GatedDecoderConfig } from '../src/models/gated-decoder'
import type { Model } from '../src/models/load-model'
import { test as base } from './gpu'
import { folder } from './models/llama-fixture'
import { tinyConfig, tinyLlama } from './tiny-llama'

/** A tiny Llama of random weights with a byte-fallback tokenizer and a chat template. */
export async function tinyModel(gpu: Gpu, config: Partial<GatedDecoderConfig> = {}): Promise<Model> {
  const tokenizer = await loadTokenizer(folder({}, 'tiny'))
  const network = tinyLlama(gpu, { ...tinyConfig, vocabulary: tokenizer.size, ...config })
  return { name: 'tiny', network, tokenizer, [Symbol.dispose]: () => network[Symbol.dispose]() }
}

/** A test with a tiny model, one for the file. */
export const test = base.extend<{ model: Model }>({
  model: [
    async ({ gpu }, use) => {
      using model = await tinyModel(gpu)
      await use(model)
    },
    { scope: 'file' },
  ],
})
