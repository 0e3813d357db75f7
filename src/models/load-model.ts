import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import { type ModelSource, type OpenFilesOptions, openModelFiles } from '../io/open-model-files'
import { loadTokenizer, type Tokenizer } from '../io/tokenizer'
import type { DownloadProgress } from '../io/url-source'
import { withinVocabulary } from '../io/within-vocabulary'
import type { Architecture } from './architecture'
import { architectures } from './architectures'
import type { CausalNetwork } from './causal-network'
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
  options: LoadModelOptions = {},
): Promise<Model> {
  return loadWithTokenizer(gpu, await filesOf(source, options), architectures, options)
}

/** The files of a model that is loaded. */
export function filesOf(
  source: ModelSource,
  { storage, signal, onProgress, onDownload, ...opening }: LoadModelOptions,
): Promise<ModelFiles> {
  return openModelFiles(source, {
    ...opening,
    ...(signal ? { signal } : {}),
    ...(onDownload ? { onProgress: onDownload } : {}),
  })
}

/** A network of one of these architectures, with its tokenizer. */
export async function loadWithTokenizer<Network extends Disposable & { readonly vocabulary: number }>(
  gpu: Gpu,
  files: ModelFiles,
  known: readonly Architecture<Network>[],
  { storage, signal, onProgress }: LoadOptions,
): Promise<{ readonly name: string; readonly network: Network; readonly tokenizer: Tokenizer } & Disposable> {
  // Before anything large is read.
  await readBlueprint(files, known)
  const tokenizer = await loadTokenizer(files)
  const network = await loadNetwork(gpu, files, known, {
    ...(storage ? { storage } : {}),
    ...(signal ? { signal } : {}),
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
