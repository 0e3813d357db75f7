import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import { withinVocabulary } from '../io/onnx-config'
import type { OnnxChoice, OnnxOptions } from '../io/onnx-graph'
import { OnnxError } from '../io/onnx-runtime'
import { loadTokenizer, type Tokenizer } from '../io/tokenizer'
import { OnnxEncoder } from '../models/onnx-encoder'
import type { Embedder } from './embedder'
import { readPooling, type TokenPooling } from './onnx-pooling'

export interface OnnxEmbedderOptions extends OnnxOptions {
  /** Default: that of the folder's `1_Pooling/config.json`, else the mean. */
  readonly pooling?: TokenPooling
  /** Scales vectors to unit length. Default: whether the folder's `modules.json` does, and true where there is none. */
  readonly normalize?: boolean
  /**
   * Tokens of a text; a longer one keeps its start, and the tokens that the tokenizer puts around every text. Default:
   * that of `sentence_bert_config.json`, else the model's positions, at most 512.
   */
  readonly maxTokens?: number
  /** Stands before every text, such as `query: `. Default: nothing. */
  readonly prefix?: string
}

/** An embedder that holds a model of ONNX Runtime's until it is disposed. */
export interface OnnxEmbedder extends Embedder, AsyncDisposable {
  /** Where batches are computed, as far as that is decided. */
  readonly choices: readonly OnnxChoice[]
}

/**
 * Texts to vectors by a feature-extraction model of the Hub in ONNX, such as `Xenova/all-MiniLM-L6-v2`, computed by
 * ONNX Runtime on `gpu`'s own device or in WebAssembly. Needs `onnx/model.onnx` or another file by `dtype`,
 * `config.json` and the tokenizer's files.
 *
 * With quantized models (`q8`) on WASM a vector depends a little on the texts beside it: activations are scaled by
 * batch.
 *
 * @throws {OnnxError} if the model cannot be used, or an option does not fit it
 * @throws {TokenizerError} if the tokenizer cannot
 * @throws {ModelFilesError} if a file cannot be read
 */
export async function onnxEmbedder(
  gpu: Gpu,
  files: ModelFiles,
  options: OnnxEmbedderOptions = {},
): Promise<OnnxEmbedder> {
  const found = await readPooling(files)
  if (options.pooling === undefined && found.unknown !== null)
    throw new OnnxError(`${found.unknown}, which is not computed here; choose one of mean, cls and last`)
  const pooling = options.pooling ?? found.pooling ?? 'mean'
  const { normalize = found.normalize ?? true, prefix = '', dtype = 'fp32' } = options
  const loaded = await loadTokenizer(files)
  const encoder = await OnnxEncoder.open(gpu, files, options)
  try {
    if (encoder.pools && options.pooling !== undefined)
      throw new OnnxError(`${files.name}: the graph pools tokens itself; leave the pooling out`)
    const positions = encoder.config.maxPositions ?? Number.POSITIVE_INFINITY
    const { maxTokens = Math.min(found.maxTokens ?? 512, positions) } = options
    if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > positions) {
      throw new OnnxError(
        `${files.name}: maxTokens is ${maxTokens}, expected a whole number from 1 to the model's ${positions} positions`,
      )
    }
    const tokenizer = withinVocabulary(loaded, encoder.config, files.name)
    const how = encoder.pools ? 'own' : pooling
    return {
      name: `onnx:${files.name}:${dtype}:${how}${normalize ? ':normalized' : ''}:${maxTokens}${prefix && `:${JSON.stringify(prefix)}`}`,
      dimensions: encoder.dimensions,
      gpu,
      get choices() {
        return encoder.choices
      },
      async embed(texts, embedOptions = {}) {
        embedOptions.signal?.throwIfAborted()
        const sequences = texts.map(text => startOf(tokenizer, prefix + text, maxTokens))
        return encoder.encode(sequences, { span: SPANS[pooling], normalize, ...embedOptions })
      },
      [Symbol.asyncDispose]: () => encoder[Symbol.asyncDispose](),
    }
  } catch (error) {
    await encoder[Symbol.asyncDispose]()
    throw error
  }
}

const SPANS: Readonly<Record<TokenPooling, (n: number) => readonly [number, number]>> = {
  mean: n => [0, n],
  cls: () => [0, 1],
  last: n => [n - 1, n],
}

/** A text's tokens; of too many, its first between those that the tokenizer puts around every text. */
function startOf(tokenizer: Tokenizer, text: string, maxTokens: number): readonly number[] {
  const ids = tokenizer.encode(text)
  if (ids.length <= maxTokens) return ids
  const own = tokenizer.encode(text, { addSpecialTokens: false })
  const around = ids.length - own.length
  const before = Array.from({ length: around + 1 }, (_, n) => n).find(n =>
    own.every((id, i) => ids[n + i] === id),
  )
  if (before === undefined || around >= maxTokens) return ids.slice(0, maxTokens)
  return [...ids.slice(0, before), ...own.slice(0, maxTokens - around), ...ids.slice(before + own.length)]
}
