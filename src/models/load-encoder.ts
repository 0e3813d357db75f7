import type { Gpu } from '../gpu/gpu'
import type { ModelSource } from '../io/open-model-files'
import { readSentenceModules, type SentenceModules } from '../io/sentence-modules'
import type { Tokenizer } from '../io/tokenizer'
import { bert } from './bert'
import type { EncoderNetwork } from './encoder-network'
import { filesOf, type LoadModelOptions, loadWithTokenizer } from './load-model'

/** The encoders that can be loaded. */
export const encoders = [bert] as const

/** An encoder with the tokenizer it was trained with, and what its files say of texts and their vectors. */
export interface Encoder extends Disposable {
  /** Hub id, folder or address. */
  readonly name: string
  readonly network: EncoderNetwork
  readonly tokenizer: Tokenizer
  readonly modules: SentenceModules
}

/**
 * Loads an encoder of the BERT family (MiniLM, bge, gte and e5 in their small English kinds) and its tokenizer from
 * Hugging Face files, as `loadModel` does, with the pooling of a sentence-transformers folder where it has one.
 *
 * @param source a Hub id, an address, a folder, chosen files, or in Node a path; see `openModelFiles`
 * @throws the errors of `openModelFiles`, `readSentenceModules`, `loadNetwork`, `openWeights` and `loadTokenizer`
 */
export async function loadEncoder(
  gpu: Gpu,
  source: ModelSource,
  options: LoadModelOptions = {},
): Promise<Encoder> {
  const files = await filesOf(source, options)
  const modules = await readSentenceModules(files)
  return { ...(await loadWithTokenizer(gpu, files, encoders, options)), modules }
}
