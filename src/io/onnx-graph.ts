import type { ModelFiles } from './model-files'
import { checkTokenInputs, type TokenBatch, tokenFeeds } from './onnx-inputs'
import { OnnxError, type OnnxRuntimeOptions, onnxRuntime } from './onnx-runtime'
import {
  type OnnxBackend,
  type OnnxOutput,
  type OnnxSession,
  type OnnxValue,
  openOnnxSession,
  readOnnxModel,
} from './onnx-session'

/** How weights are stored, as in the names that transformers.js gives the files. */
const SUFFIXES = { fp32: '', fp16: '_fp16', q8: '_quantized', q4: '_q4', q4f16: '_q4f16' } as const
export type OnnxDtype = keyof typeof SUFFIXES

export interface OnnxOptions {
  /** Which of the model's files: `onnx/model.onnx`, `model_fp16.onnx`, `model_quantized.onnx`, … Default: fp32. */
  readonly dtype?: OnnxDtype
  /**
   * Where it is computed. `auto` holds the model twice, times both with the first batch of each size and keeps the
   * faster; see `choices`. It is WASM where the GPU is a software adapter or WebGPU cannot load the model. Default: auto.
   */
  readonly device?: 'auto' | OnnxBackend
  /** How ONNX Runtime starts, which it does once. */
  readonly runtime?: OnnxRuntimeOptions
  /** Stops the loading. */
  readonly signal?: AbortSignal
}

/** The device that other work runs on: a `Gpu`. */
export interface OnnxGpu {
  readonly device: GPUDevice
  readonly software: boolean
  /** Waits for what was submitted. */
  idle(): Promise<void>
}

/** Where batches of a size are computed, and why there. */
export interface OnnxChoice {
  /** Batches of up to so many tokens, padding included. */
  readonly tokens: number
  readonly backend: OnnxBackend
  readonly why: string
}

/** Batches of these sizes are timed for themselves: small ones cost a GPU its launches, large ones their arithmetic. */
const SIZES = [64, 512, Number.POSITIVE_INFINITY]
/** Tokens of a batch that is timed: enough to tell, few enough not to wait for. */
const TIMED_TOKENS = 1024

/** A graph over tokens, ready to be run on one backend or on the faster of two. */
export class OnnxGraph implements AsyncDisposable {
  readonly #choices = new Map<number, OnnxChoice>()

  private constructor(
    readonly name: string,
    private sessions: readonly OnnxSession[],
    private why: string,
    private readonly gpu: OnnxGpu,
  ) {}

  /**
   * Loads the graph of a model's folder.
   *
   * @throws {OnnxError} if there is no such graph, it does not take tokens, or ONNX Runtime cannot use it
   * @throws {ModelFilesError} if a file cannot be read
   */
  static async open(gpu: OnnxGpu, files: ModelFiles, options: OnnxOptions = {}): Promise<OnnxGraph> {
    const { dtype = 'fp32', device = 'auto', runtime, signal } = options
    const path = await findGraph(files, dtype)
    const ort = await onnxRuntime(runtime)
    const model = await readOnnxModel(files, path, signal)
    signal?.throwIfAborted()
    const open = (backend: OnnxBackend) =>
      openOnnxSession(ort, model, backend === 'webgpu' ? gpu.device : null)
    const { sessions, why } = await openSessions(open, device, gpu)
    const graph = new OnnxGraph(model.name, sessions, why, gpu)
    try {
      checkTokenInputs(graph.inputs, model.name)
      signal?.throwIfAborted()
    } catch (error) {
      await graph[Symbol.asyncDispose]()
      throw error
    }
    return graph
  }

  get inputs(): ReadonlyMap<string, OnnxValue> {
    return this.sessions[0]!.inputs
  }

  get outputs(): ReadonlyMap<string, OnnxValue> {
    return this.sessions[0]!.outputs
  }

  /** Where batches are computed, as far as that is decided. */
  get choices(): readonly OnnxChoice[] {
    const [only] = this.sessions
    if (this.sessions.length === 1)
      return [{ tokens: Number.POSITIVE_INFINITY, backend: only!.backend, why: this.why }]
    return [...this.#choices.values()].sort((a, b) => a.tokens - b.tokens)
  }

  /**
   * Runs the graph over a batch.
   *
   * @param use takes the output for the first rows of the batch; where backends are timed, it is called more than once
   * @param bytes of the output, if it may be more than a GPU can bind: then it is computed in WebAssembly
   * @throws {OnnxError} if ONNX Runtime cannot run it, or only a GPU is there that cannot bind the output
   */
  async run<T>(
    batch: TokenBatch,
    output: string,
    use: (output: OnnxOutput, rows: number) => Promise<T>,
    bytes = 0,
  ): Promise<T> {
    const limit = this.gpu.device.limits.maxStorageBufferBindingSize
    const able = this.sessions.filter(({ backend }) => backend === 'wasm' || bytes <= limit)
    if (able.length === 0) {
      throw new OnnxError(
        `${this.name}: ${output} would have ${bytes} bytes, and the GPU binds at most ${limit}: use fewer tokens, or the device 'wasm'`,
      )
    }
    const session = able.length === 1 ? able[0]! : await this.#choose(batch, output, use)
    return this.#runOn(session, batch, output, use)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) await session[Symbol.asyncDispose]()
  }

  async #runOn<T>(
    session: OnnxSession,
    batch: TokenBatch,
    output: string,
    use: (output: OnnxOutput, rows: number) => Promise<T>,
  ): Promise<T> {
    using result = await session.run(tokenFeeds(session.inputs, batch, this.name), output)
    return await use(result, batch.sequences.length)
  }

  async #choose(
    batch: TokenBatch,
    output: string,
    use: (output: OnnxOutput, rows: number) => Promise<unknown>,
  ): Promise<OnnxSession> {
    const { sequences } = batch
    const width = Math.max(1, ...sequences.map(({ length }) => length))
    const tokens = SIZES.find(size => sequences.length * width <= size)!
    const known = this.#choices.get(tokens)
    if (known) return this.sessions.find(({ backend }) => backend === known.backend)!
    const few = { ...batch, sequences: sequences.slice(0, Math.max(1, Math.floor(TIMED_TOKENS / width))) }
    const once = async (session: OnnxSession) => {
      const begin = performance.now()
      await this.#runOn(session, few, output, use)
      await this.gpu.idle()
      return performance.now() - begin
    }
    const times: number[] = []
    for (const session of this.sessions) {
      try {
        // The first run of a shape compiles what it needs.
        await once(session)
        times.push(await once(session))
      } catch (error) {
        if (!(error instanceof OnnxError) || session.backend === 'wasm') throw error
        this.sessions = this.sessions.filter(other => other !== session)
        this.why = error.message
        await session[Symbol.asyncDispose]()
        return this.sessions[0]!
      }
    }
    const best = times[1]! < times[0]! ? 1 : 0
    const session = this.sessions[best]!
    const other = this.sessions[1 - best]!
    const ms = (time: number) => `${time.toPrecision(3)} ms`
    const why = `${ms(times[best]!)}, and ${ms(times[1 - best]!)} with ${other.backend}, for ${few.sequences.length} × ${width} tokens`
    this.#choices.set(tokens, { tokens, backend: session.backend, why })
    return session
  }
}

async function openSessions(
  open: (backend: OnnxBackend) => Promise<OnnxSession>,
  device: 'auto' | OnnxBackend,
  { software }: OnnxGpu,
): Promise<{ sessions: readonly OnnxSession[]; why: string }> {
  if (device !== 'auto') return { sessions: [await open(device)], why: 'as asked for' }
  if (software) return { sessions: [await open('wasm')], why: 'the GPU is a software adapter' }
  let gpuSession: OnnxSession
  try {
    gpuSession = await open('webgpu')
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error
    return { sessions: [await open('wasm')], why: error.message }
  }
  try {
    return { sessions: [gpuSession, await open('wasm')], why: '' }
  } catch (error) {
    if (error instanceof OnnxError) return { sessions: [gpuSession], why: error.message }
    await gpuSession[Symbol.asyncDispose]()
    throw error
  }
}

async function findGraph(files: ModelFiles, dtype: OnnxDtype): Promise<string> {
  const suffix = Object.hasOwn(SUFFIXES, dtype) ? SUFFIXES[dtype] : undefined
  if (suffix === undefined)
    throw new OnnxError(
      `dtype is ${JSON.stringify(dtype)}, expected one of ${Object.keys(SUFFIXES).join(', ')}`,
    )
  const places = (end: string) => [
    `onnx/model${end}.onnx`,
    `model${end}.onnx`,
    `onnx/decoder_model_merged${end}.onnx`,
  ]
  for (const path of places(suffix)) if (await files.has(path)) return path
  const others: string[] = []
  for (const [other, end] of Object.entries(SUFFIXES))
    for (const path of places(end)) if (await files.has(path)) others.push(`${path} (${other})`)
  const there = others.length > 0 ? `there is ${others.join(', ')}` : 'there is no other ONNX file'
  throw new OnnxError(`${files.name}: there is no ${places(suffix).join(', ')} for ${dtype}; ${there}`)
}
