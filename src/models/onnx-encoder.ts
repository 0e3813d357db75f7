import { foreignTensor } from '../gpu/foreign-tensor'
import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { ModelFiles } from '../io/model-files'
import { type OnnxConfig, readOnnxConfig } from '../io/onnx-config'
import { type OnnxChoice, OnnxGraph, type OnnxOptions } from '../io/onnx-graph'
import { OnnxError } from '../io/onnx-runtime'
import { poolTokens } from '../ops/pool-tokens'

/** Padded tokens of a batch, and tokens times its width: the scores of 16 heads of attention then fit a binding. */
const BATCH_TOKENS = 4096
const BATCH_AREA = 2 ** 20
/** Names that exports give the hidden states of all tokens. */
const STATES = ['last_hidden_state', 'token_embeddings']
/** The name of vectors that the graph pools itself. */
const POOLED = 'sentence_embedding'

export interface EncodeOptions {
  /** Which tokens of a sequence of n make its vector, as their mean: [begin, end). */
  readonly span: (n: number) => readonly [begin: number, end: number]
  readonly normalize: boolean
  readonly signal?: AbortSignal
}

/** An ONNX graph for feature extraction, whose vectors stay on the GPU. */
export class OnnxEncoder implements AsyncDisposable {
  private constructor(
    readonly gpu: Gpu,
    readonly config: OnnxConfig,
    /** Values of a vector, E. */
    readonly dimensions: number,
    /** Whether the graph pools tokens itself, so that there is one state a sequence. */
    readonly pools: boolean,
    private readonly graph: OnnxGraph,
    private readonly output: string,
  ) {}

  /**
   * @throws {OnnxError} if there is no such graph, ONNX Runtime cannot use it, or it gives no hidden states
   * @throws {ModelFilesError} if a file cannot be read
   */
  static async open(gpu: Gpu, files: ModelFiles, options: OnnxOptions): Promise<OnnxEncoder> {
    const config = await readOnnxConfig(files)
    const graph = await OnnxGraph.open(gpu, files, options)
    try {
      const output = [...STATES, POOLED].find(name => graph.outputs.has(name))
      if (output === undefined) {
        throw new OnnxError(
          `${graph.name}: the graph gives ${[...graph.outputs.keys()].join(', ')}, expected ${[...STATES, POOLED].join(' or ')}`,
        )
      }
      const size = graph.outputs.get(output)!.shape.at(-1)
      const dimensions = typeof size === 'number' && size > 0 ? size : config.hidden
      if (dimensions === null)
        throw new OnnxError(
          `${graph.name}: neither ${output} nor config.json says how many values a vector has`,
        )
      return new OnnxEncoder(gpu, config, dimensions, output === POOLED, graph, output)
    } catch (error) {
      await graph[Symbol.asyncDispose]()
      throw error
    }
  }

  get choices(): readonly OnnxChoice[] {
    return this.graph.choices
  }

  /**
   * A vector for each sequence of tokens: [N, E]. A sequence without a token has none; its vector is zero.
   *
   * @throws {OnnxError} if ONNX Runtime cannot run the graph
   * @throws the signal's reason once it is aborted
   */
  async encode(
    sequences: readonly (readonly number[])[],
    { span, normalize, signal }: EncodeOptions,
  ): Promise<Tensor> {
    const vectors = this.gpu.zeros([sequences.length, this.dimensions])
    try {
      for (const [b, rows] of batchesByLength(sequences).entries()) {
        // WebAssembly computes without a turn of the event loop, in which an abort could arrive.
        if (b > 0) await new Promise(resolve => setTimeout(resolve))
        signal?.throwIfAborted()
        const batch = { sequences: rows.map(row => sequences[row]!), padId: this.config.padId }
        await this.graph.run(batch, this.output, async ({ dims, buffer, values }, count) => {
          const shape = this.#shape(dims, count)
          const spans = rows.slice(0, count).map(row => {
            const [begin, end] = this.pools ? [0, 1] : span(sequences[row]!.length)
            return { begin, end, row }
          })
          using uploaded = values && this.gpu.tensor(shape, values)
          const states = uploaded ?? foreignTensor(this.gpu, buffer!, shape)
          poolTokens(this.gpu, states, spans, vectors, { normalize })
          // The buffer is ONNX Runtime's again after this.
          this.gpu.submit()
        })
      }
      return vectors
    } catch (error) {
      vectors[Symbol.dispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.graph[Symbol.asyncDispose]()
  }

  #shape(dims: readonly number[], count: number): [number, number, number] {
    const [B, T, C] = this.pools ? [dims[0], 1, dims[1]] : dims
    if (B === count && C === this.dimensions && dims.length === (this.pools ? 2 : 3)) return [B, T!, C]
    throw new OnnxError(
      `${this.graph.name}: ${this.output} came as [${dims.join(', ')}] for ${count} sequences, expected [${count}, ${this.pools ? '' : 'tokens, '}${this.dimensions}]`,
    )
  }
}

/** Indices of the sequences that have tokens, shortest first, in batches that padding fills little. */
function batchesByLength(sequences: readonly (readonly number[])[]): number[][] {
  const order = [...sequences.keys()]
    .filter(i => sequences[i]!.length > 0)
    .sort((a, b) => sequences[a]!.length - sequences[b]!.length || a - b)
  const batches: number[][] = []
  for (const i of order) {
    const width = sequences[i]!.length
    const rows = (batches.at(-1)?.length ?? 0) + 1
    const fits = rows * width <= BATCH_TOKENS && rows * width ** 2 <= BATCH_AREA
    if (rows > 1 && fits) batches.at(-1)!.push(i)
    else batches.push([i])
  }
  return batches
}
