import type { ModelFiles } from '../io/model-files'
import { readPeftAdapter } from '../io/peft-adapter'
import type { Model } from '../models/load-model'
import { deitaScorer } from '../scoring/deita'
import type { Scorer } from '../scoring/scorer'
import { LoraAdapter } from '../training/lora-adapter'

/** A scorer with the adapters it needs, which are disposed with it. */
export interface LoadedScorer extends Disposable {
  readonly scorer: Scorer
  /** Whether the model's folder held adapters that were trained to score. Otherwise the model scores as it is. */
  readonly trained: boolean
}

/** Deita's scorer for a model, with the adapters in its folders `complexity` and `quality` where there are any. */
export async function loadScorer(model: Model, files: ModelFiles): Promise<LoadedScorer> {
  const adapters: LoraAdapter[] = []
  const adapter = async (folder: string) => {
    if (!(await files.has(`${folder}/adapter_config.json`))) return null
    const loaded = LoraAdapter.fromPeft(model.network, await readPeftAdapter(subfolder(files, folder)))
    adapters.push(loaded)
    return loaded.map
  }
  const dispose = () => {
    for (const loaded of adapters) loaded[Symbol.dispose]()
  }
  try {
    const [complexity, quality] = [await adapter('complexity'), await adapter('quality')]
    return {
      scorer: deitaScorer(model, { complexity, quality }),
      trained: complexity !== null && quality !== null,
      [Symbol.dispose]: dispose,
    }
  } catch (error) {
    dispose()
    throw error
  }
}

const subfolder = (files: ModelFiles, folder: string): ModelFiles => ({
  name: `${files.name}/${folder}`,
  has: path => files.has(`${folder}/${path}`),
  text: path => files.text(`${folder}/${path}`),
  open: path => files.open(`${folder}/${path}`),
})
