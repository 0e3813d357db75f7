import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { ModelFiles } from '../io/model-files'
import { openWeights, type Weights } from '../io/model-weights'
import { loadTokenizer, type Tokenizer } from '../io/tokenizer'
import type { CausalNetwork } from './causal-network'
import { ModelError } from './errors'
import { Llama } from './llama'
import { llamaWeightShapes, parseLlamaConfig } from './llama-config'

/** A network with the tokenizer it was trained with. */
export interface Model extends Disposable {
  /** Hub id, folder or address. */
  readonly name: string
  readonly network: CausalNetwork
  readonly tokenizer: Tokenizer
}

export interface LoadOptions {
  readonly signal?: AbortSignal
  /** Called after each tensor with the share of all values that is on the GPU. */
  readonly onProgress?: (fraction: number) => void
}

/** What an architecture needs to be built: the shapes of its weights, and the network over them. */
interface Architecture {
  readonly shapes: ReadonlyMap<string, readonly number[]>
  build(gpu: Gpu, weights: ReadonlyMap<string, Tensor>): CausalNetwork
}

type Json = Readonly<Record<string, unknown>>

const architectures: Readonly<Record<string, (config: Json, name: string) => Architecture>> = {
  llama: (json, name) => {
    const config = parseLlamaConfig(json, name)
    return { shapes: llamaWeightShapes(config), build: (gpu, weights) => new Llama(gpu, config, weights) }
  },
}

/** Weights that are in files but not in the model: tables that are computed here. */
const IGNORED = /\.rotary_emb\.inv_freq$/

/**
 * Loads a causal language model and its tokenizer from Hugging Face files: `config.json`, safetensors in f32, f16 or
 * bf16 (computed in f32), `tokenizer.json` and `tokenizer_config.json`.
 *
 * @throws {ModelError} for an architecture that is not known, and for weights that are missing, of another shape,
 *   or left over. Also the errors of `openWeights`, `loadTokenizer` and, when memory runs out, of the GPU.
 */
export async function loadModel(
  gpu: Gpu,
  files: ModelFiles,
  { signal, onProgress }: LoadOptions = {},
): Promise<Model> {
  const architecture = await readArchitecture(files)
  const tokenizer = await loadTokenizer(files)
  const weights = await uploadWeights(gpu, files.name, architecture.shapes, await openWeights(files), {
    signal,
    onProgress,
  })
  let network: CausalNetwork
  try {
    network = architecture.build(gpu, weights)
  } catch (error) {
    dispose(weights)
    throw error
  }
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

async function readArchitecture(files: ModelFiles): Promise<Architecture> {
  let json: Json
  try {
    json = JSON.parse(await files.text('config.json')) as Json
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new ModelError(`${files.name}: config.json is not JSON: ${cause.message}`, { cause })
  }
  const kind = typeof json === 'object' && json !== null ? json.model_type : undefined
  const known =
    typeof kind === 'string' && Object.hasOwn(architectures, kind) ? architectures[kind] : undefined
  if (!known) {
    throw new ModelError(
      `${files.name}: config.json: model_type is ${JSON.stringify(kind)}, known are: ${Object.keys(architectures).join(', ')}`,
    )
  }
  return known(json, files.name)
}

async function uploadWeights(
  gpu: Gpu,
  name: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  weights: Weights,
  { signal, onProgress }: { signal: AbortSignal | undefined; onProgress: LoadOptions['onProgress'] },
): Promise<Map<string, Tensor>> {
  checkWeights(name, shapes, weights)
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
  const total = [...shapes.values()].reduce((sum, shape) => sum + size(shape), 0)
  const tensors = new Map<string, Tensor>()
  let done = 0
  try {
    for (const [key, shape] of shapes) {
      signal?.throwIfAborted()
      tensors.set(key, gpu.tensor(shape, await weights.read(key)))
      done += size(shape)
      onProgress?.(done / total)
    }
    await gpu.idle()
  } catch (error) {
    dispose(tensors)
    throw error
  }
  return tensors
}

function dispose(tensors: ReadonlyMap<string, Tensor>): void {
  for (const tensor of tensors.values()) tensor[Symbol.dispose]()
}

function checkWeights(name: string, shapes: ReadonlyMap<string, readonly number[]>, weights: Weights): void {
  for (const [key, shape] of shapes) {
    const entry = weights.entry(key)
    if (!entry) throw new ModelError(`${name}: the weights lack ${key}`)
    if (entry.shape.join() !== shape.join()) {
      throw new ModelError(
        `${name}: ${key} has shape [${entry.shape.join(', ')}], config.json asks for [${shape.join(', ')}]`,
      )
    }
  }
  // A tied model's file may repeat the embedding under the head's name.
  const extra = weights
    .names()
    .filter(key => !shapes.has(key) && !IGNORED.test(key) && key !== 'lm_head.weight')
  if (extra.length > 0) {
    const more = extra.length > 1 ? ` and ${extra.length - 1} more` : ''
    throw new ModelError(
      `${name}: the weights hold ${extra[0]}${more}, which a model of this config.json does not have`,
    )
  }
}
