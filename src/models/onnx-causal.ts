import { foreignTensor } from '../gpu/foreign-tensor'
import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import { readOnnxConfig } from '../io/onnx-config'
import { type OnnxChoice, OnnxGraph, type OnnxOptions } from '../io/onnx-graph'
import { OnnxError } from '../io/onnx-runtime'
import type { OnnxOutput } from '../io/onnx-session'
import { loadTokenizer, type Tokenizer } from '../io/tokenizer'
import { withinVocabulary } from '../io/within-vocabulary'
import { expectedScore } from '../ops/expected-score'

/** Logits of a batch, which exist for all its tokens unless the graph gives the last alone: half of a default binding. */
const LOGIT_BYTES = 64 * 2 ** 20
/** Padded tokens of a batch, and tokens times its width: the scores of 16 heads of attention then fit a binding. */
const BATCH_TOKENS = 4096
const BATCH_AREA = 2 ** 20
const LOGITS = 'logits'
const KEPT = 'num_logits_to_keep'

/** A causal language model in ONNX, held by ONNX Runtime until it is disposed. */
export class OnnxCausalModel implements AsyncDisposable {
  private constructor(
    readonly name: string,
    readonly gpu: Gpu,
    readonly tokenizer: Tokenizer,
    /** Tokens that it has positions for; infinite where its config.json does not say. */
    readonly maxPositions: number,
    private readonly vocabulary: number,
    private readonly padId: number,
    private readonly graph: OnnxGraph,
  ) {}

  /** See `loadOnnxModel`. */
  static async open(gpu: Gpu, files: ModelFiles, options: OnnxOptions): Promise<OnnxCausalModel> {
    const config = await readOnnxConfig(files)
    const loaded = await loadTokenizer(files)
    const tokenizer = withinVocabulary(loaded, config.vocabulary ?? loaded.size, files.name)
    const graph = await OnnxGraph.open(gpu, files, options)
    try {
      const logits = graph.outputs.get(LOGITS)
      if (!logits) {
        const there = [...graph.outputs.keys()].join(', ')
        throw new OnnxError(`${graph.name}: the graph gives ${there}, expected ${LOGITS}`)
      }
      const size = logits.shape.at(-1)
      const vocabulary = typeof size === 'number' && size > 0 ? size : config.vocabulary
      if (vocabulary === null)
        throw new OnnxError(
          `${graph.name}: neither ${LOGITS} nor config.json says how large the vocabulary is`,
        )
      const positions = config.maxPositions ?? Number.POSITIVE_INFINITY
      return new OnnxCausalModel(files.name, gpu, tokenizer, positions, vocabulary, config.padId, graph)
    } catch (error) {
      await graph[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Where batches are computed, as far as that is decided. */
  get choices(): readonly OnnxChoice[] {
    return this.graph.choices
  }

  /**
   * Σ k·p_k at the end of each sequence, p the softmax over the tokens `ids` of 1 … K alone.
   *
   * @param give takes the values of some of the sequences, by their indices, in no certain order
   * @throws {OnnxError} if ONNX Runtime cannot run the graph
   * @throws the signal's reason once it is aborted
   */
  async expectedScores(
    sequences: readonly (readonly number[])[],
    ids: Uint32Array,
    give: (indices: readonly number[], values: ArrayLike<number>) => void,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    // A prompt without a token asks for nothing.
    const empty = [...sequences.keys()].filter(i => sequences[i]!.length === 0)
    give(
      empty,
      empty.map(() => Number.NaN),
    )
    for (const [b, rows] of this.#batches(sequences).entries()) {
      // WebAssembly computes without a turn of the event loop, in which an abort could arrive.
      if (b > 0) await new Promise(resolve => setTimeout(resolve))
      signal?.throwIfAborted()
      const batch = rows.map(row => sequences[row]!)
      const width = batch.at(-1)!.length
      const shortest = batch[0]!.length
      const values = await this.graph.run(
        { sequences: batch, padId: this.padId, keptLogits: width - shortest + 1 },
        LOGITS,
        (output, count) => this.#read(output, batch.slice(0, count), ids),
        this.#bytes(rows.length, shortest, width),
      )
      give(rows, values)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.graph[Symbol.asyncDispose]()
  }

  async #read(
    { dims, buffer, values }: OnnxOutput,
    batch: readonly (readonly number[])[],
    ids: Uint32Array,
  ): Promise<ArrayLike<number>> {
    const [B, T = 0, V] = dims
    // Logits that are left out are those of the first tokens.
    const left = batch.at(-1)!.length - T
    const ends = batch.map(({ length }) => length - 1 - left)
    if (
      B !== batch.length ||
      V !== this.vocabulary ||
      dims.length !== 3 ||
      left < 0 ||
      Math.min(...ends) < 0
    ) {
      throw new OnnxError(
        `${this.name}: ${LOGITS} came as [${dims.join(', ')}] for ${batch.length} sequences of up to ${batch.at(-1)!.length} tokens, expected [${batch.length}, tokens, ${this.vocabulary}]`,
      )
    }
    if (values)
      return ends.map((t, b) => expectation(values.subarray((b * T + t) * V, (b * T + t + 1) * V), ids))
    const { gpu } = this
    using positions = gpu.tensor([B], Uint32Array.from(ends))
    using tokens = gpu.tensor([ids.length], ids)
    using score = gpu.tensor([B])
    expectedScore(gpu, foreignTensor(gpu, buffer, [B, T, V]), positions, tokens, score)
    return gpu.read(score)
  }

  /** Indices of the sequences that have tokens, shortest first, in batches whose logits stay bounded. */
  #batches(sequences: readonly (readonly number[])[]): number[][] {
    const lengthOf = (i: number) => sequences[i]!.length
    const order = [...sequences.keys()]
      .filter(i => lengthOf(i) > 0)
      .sort((a, b) => lengthOf(a) - lengthOf(b) || a - b)
    const batches: number[][] = []
    for (const i of order) {
      const width = lengthOf(i)
      const batch = batches.at(-1)
      const rows = (batch?.length ?? 0) + 1
      const fits =
        rows * width <= BATCH_TOKENS &&
        rows * width ** 2 <= BATCH_AREA &&
        this.#bytes(rows, lengthOf(batch?.[0] ?? i), width) <= LOGIT_BYTES
      if (batch && fits) batch.push(i)
      else batches.push([i])
    }
    return batches
  }

  /** Bytes of the logits of a batch, given the lengths of its sequences; the end of the shortest must be among them. */
  #bytes(rows: number, shortest: number, width: number): number {
    const kept = this.graph.inputs.has(KEPT) ? width - shortest + 1 : width
    return rows * kept * this.vocabulary * 4
  }
}

/**
 * Loads a causal language model of the Hub in ONNX, such as `onnx-community/SmolLM2-135M-Instruct-ONNX`, and its
 * tokenizer, to be computed by ONNX Runtime on `gpu`'s own device or in WebAssembly. Needs `onnx/model.onnx` or another
 * file by `dtype`, `config.json` and the tokenizer's files.
 *
 * @throws {OnnxError} if there is no such graph, ONNX Runtime cannot use it, or it gives no logits
 * @throws {TokenizerError} if the tokenizer cannot be used
 * @throws {ModelFilesError} if a file cannot be read
 */
export const loadOnnxModel = (
  gpu: Gpu,
  files: ModelFiles,
  options: OnnxOptions = {},
): Promise<OnnxCausalModel> => OnnxCausalModel.open(gpu, files, options)

/** As the kernel `expected-score`, of one position's logits in memory. */
function expectation(logits: Float32Array, ids: Uint32Array): number {
  const most = ids.reduce((top, id) => Math.max(top, logits[id]!), Number.NEGATIVE_INFINITY)
  let total = 0
  let weighted = 0
  for (const [k, id] of ids.entries()) {
    const weight = Math.exp(logits[id]! - most)
    total += weight
    weighted += (k + 1) * weight
  }
  return weighted / total
}
