import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import type { OnnxChoice, OnnxOptions } from '../io/onnx-graph'
import { OnnxError } from '../io/onnx-runtime'
import { readSentenceModules, type TokenPooling } from '../io/sentence-modules'
import { loadTokenizer } from '../io/tokenizer'
import { withinVocabulary } from '../io/within-vocabulary'
import { OnnxEncoder } from '../models/onnx-encoder'
import type { Embedder } from './embedder'
import { startOfText } from './start-of-text'
import { TOKEN_SPANS } from './token-spans'

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
  /** Stands before every text, such as `query: `. Default: what the files say, else nothing. */
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
 * @throws {SentenceModulesError} if the folder asks for a step or a pooling that is not computed here
 * @throws {TokenizerError} if the tokenizer cannot
 * @throws {ModelFilesError} if a file cannot be read
 */
export async function onnxEmbedder(
  gpu: Gpu,
  files: ModelFiles,
  options: OnnxEmbedderOptions = {},
): Promise<OnnxEmbedder> {
  const modules = await readSentenceModules(files, options.pooling)
  const { pooling = modules.pooling ?? 'mean', prefix = modules.prefix, dtype = 'fp32' } = options
  const { normalize = modules.normalize ?? true } = options
  const loaded = await loadTokenizer(files)
  const encoder = await OnnxEncoder.open(gpu, files, options)
  try {
    if (encoder.pools && options.pooling !== undefined)
      throw new OnnxError(`${files.name}: the graph pools tokens itself; leave the pooling out`)
    const positions = encoder.config.maxPositions ?? Number.POSITIVE_INFINITY
    const { maxTokens = Math.min(modules.maxTokens ?? 512, positions) } = options
    if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > positions) {
      throw new OnnxError(
        `${files.name}: maxTokens is ${maxTokens}, expected a whole number from 1 to the model's ${positions} positions`,
      )
    }
    const tokenizer = withinVocabulary(loaded, encoder.config.vocabulary ?? loaded.size, files.name)
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
        const sequences = texts.map(text => {
          const whole = prefix + text
          return startOfText(tokenizer, modules.lowerCase ? whole.toLowerCase() : whole, maxTokens)
        })
        return encoder.encode(sequences, { span: TOKEN_SPANS[pooling], normalize, ...embedOptions })
      },
      [Symbol.asyncDispose]: () => encoder[Symbol.asyncDispose](),
    }
  } catch (error) {
    await encoder[Symbol.asyncDispose]()
    throw error
  }
}
