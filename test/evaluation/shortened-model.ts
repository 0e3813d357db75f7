import { filesFromList } from '../../src/io/model-files'
import { openSafetensors, writeSafetensors } from '../../src/io/safetensors'
import { loadModel, type Model } from '../../src/models/load-model'
import { bundledFiles } from '../bundled-model'
import fixture from '../fixtures/multiple-choice.json'
import { test as base } from '../gpu'

/** The first layer of the bundled model with a short context, as test/fixtures/make_multiple_choice.py takes it. */
export const test = base.extend<{ model: Model }>({
  model: [
    async ({ gpu }, use) => {
      const files = await bundledFiles()
      const names = ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json']
      const texts = await Promise.all(
        names.map(async name => [name, new Blob([await files.text(name)])] as const),
      )
      const config = JSON.parse(await files.text('config.json')) as object
      const changes = { num_hidden_layers: fixture.layers, max_position_embeddings: fixture.context }
      const weights = await openSafetensors(await files.open('model.safetensors'))
      const kept = [...weights.tensors].filter(([name]) => {
        const layer = /\.layers\.(\d+)\./.exec(name)?.[1]
        return layer === undefined || Number(layer) < fixture.layers
      })
      const tensors = await Promise.all(
        kept.map(async ([name, { shape }]) => [name, { shape, data: await weights.read(name) }] as const),
      )
      const shortened = new Map([
        ...texts,
        ['config.json', new Blob([JSON.stringify({ ...config, ...changes })])],
        ['model.safetensors', new Blob([writeSafetensors(tensors)])],
      ] as const)
      using model = await loadModel(gpu, filesFromList(shortened, 'shortened'))
      await use(model)
    },
    { scope: 'file' },
  ],
})
