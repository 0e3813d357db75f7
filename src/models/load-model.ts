import type { Gpu } from '../gpu/gpu'
import { type ModelSource, type OpenFilesOptions, openModelFiles } from '../io/open-model-files'
import { loadTokenizer, type Tokenizer } from '../io/tokenizer'
import type { DownloadProgress } from '../io/url-source'
import { architectures } from './architectures'
import type { CausalNetwork } from './causal-network'
import { ModelError } from './errors'
import { type LoadOptions, loadNetwork, readBlueprint } from './load-network'

export type { LoadOptions }

export interface LoadModelOptions extends LoadOptions, Omit<OpenFilesOptions, 'onProgress' | 'signal'> {
  /** Called while files are downloaded. */
  readonly onDownload?: (progress: DownloadProgress) => void
}

/** A network with the tokenizer it was trained with. */
export interface Model extends Disposable {
  /** Hub id, folder or address. */
  readonly name: string
  readonly network: CausalNetwork
  readonly tokenizer: Tokenizer
}

/**
 * Loads a causal language model and its tokenizer from Hugging Face files: `config.json`, safetensors in f32, f16 or
 * bf16 (computed in f32), `tokenizer.json` and `tokenizer_config.json`.
 *
 * @param source a Hub id, an address, a folder, chosen files, or in Node a path; see `openModelFiles`
 * @throws the errors of `openModelFiles`, `loadNetwork`, `openWeights` and `loadTokenizer`
 */
export async function loadModel(
  gpu: Gpu,
  source: ModelSource,
  { storage, signal, onProgress, onDownload, ...opening }: LoadModelOptions = {},
): Promise<Model> {
  const stop = signal ? { signal } : {}
  const files = await openModelFiles(source, {
    ...opening,
    ...stop,
    ...(onDownload ? { onProgress: onDownload } : {}),
  })
  // Before anything large is read.
  await readBlueprint(files, architectures)
  const tokenizer = await loadTokenizer(files)
  const network = await loadNetwork(gpu, files, architectures, {
    ...stop,
    ...(storage ? { storage } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
  return {
    name: files.name,
    network,
    tokenizer: withinVocabulary(tokenizer, network.vocabulary, files.name),
    [Symbol.dispose]() {
      network[Symbol.dispose]()
    },
  }
}

/** Tokenizers may hold entries that the model has no embedding for; text that uses one is refused. */
function withinVocabulary(tokenizer: Tokenizer, vocabulary: number, name: string): Tokenizer {
  if (tokenizer.size <= vocabulary) return tokenizer
  const encode: Tokenizer['encode'] = (text, options) => {
    const ids = tokenizer.encode(text, options)
    const beyond = ids.find(id => id >= vocabulary)
    if (beyond === undefined) return ids
    throw new ModelError(
      `${name}: the text holds token ${beyond}, and the model's vocabulary ends at ${vocabulary}`,
    )
  }
  return { ...tokenizer, encode }
}
