/** A value of ONNX Runtime's. */
export interface RuntimeTensor {
  readonly dims: readonly number[]
  readonly type: string
  readonly location: string
  readonly gpuBuffer: GPUBuffer
  /** Its values in memory, after which it is of no use if `release` is true. */
  getData(release?: boolean): Promise<unknown>
  dispose(): void
}

type Metadata = readonly (
  | { readonly isTensor: false; readonly name: string }
  | {
      readonly isTensor: true
      readonly name: string
      readonly type: string
      readonly shape: readonly (number | string)[]
    }
)[]

/** A graph as ONNX Runtime holds it. */
export interface RuntimeSession {
  readonly inputMetadata: Metadata
  readonly outputMetadata: Metadata
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[],
  ): Promise<Record<string, RuntimeTensor>>
  release(): Promise<void>
}

/**
 * What is used of ONNX Runtime Web with its WebGPU backend. Spelled out, so that whoever uses this library need not
 * check the types of that.
 */
export interface OnnxRuntime {
  createSession(model: Uint8Array, options: object): Promise<RuntimeSession>
  createTensor(type: string, data: ArrayBufferView, dims: readonly number[]): RuntimeTensor
}

/** How ONNX Runtime is started. It starts once in a page, a worker or a process. */
export interface OnnxRuntimeOptions {
  /**
   * Addresses of its two files, `ort-wasm-simd-threaded.asyncify.mjs` and `.wasm`. Default: beside its module, where
   * bundlers that know `new URL(…, import.meta.url)` put them, and where Node finds them. Never another host.
   */
  readonly files?: { readonly mjs: string | URL; readonly wasm: string | URL }
  /** Threads of the WASM backend; more than one needs a page that is cross-origin isolated. Default: 1. */
  readonly threads?: number
}

/** An ONNX model, or ONNX Runtime itself, that cannot be used: what, and why. */
export class OnnxError extends Error {
  override name = 'OnnxError'
}

let started: { readonly settings: string; readonly runtime: Promise<OnnxRuntime> } | null = null

/**
 * ONNX Runtime, loaded and set up with the first call's options. No code of it runs before.
 *
 * @throws {OnnxError} if it was set up otherwise before, or the package cannot be loaded
 */
export async function onnxRuntime(options: OnnxRuntimeOptions = {}): Promise<OnnxRuntime> {
  const { files, threads = 1 } = options
  if (!Number.isInteger(threads) || threads < 1)
    throw new OnnxError(`ONNX Runtime: threads is ${threads}, expected a whole number from 1`)
  const address = (url: string | URL) => new URL(url, globalThis.location?.href).href
  const paths = files ? { mjs: address(files.mjs), wasm: address(files.wasm) } : {}
  const settings = JSON.stringify({ ...paths, threads })
  if (started && settings !== started.settings && Object.keys(options).length > 0) {
    throw new OnnxError(
      `ONNX Runtime was started with ${started.settings} and starts only once; it cannot have ${settings} now`,
    )
  }
  started ??= { settings, runtime: load(paths, threads) }
  return started.runtime
}

/** Of ONNX Runtime's log: errors are thrown, and need not be printed besides. */
export const SILENT = 4

async function load(wasmPaths: { mjs?: string; wasm?: string }, threads: number): Promise<OnnxRuntime> {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-web/webgpu').catch((cause: unknown) => {
    throw new OnnxError(`ONNX Runtime cannot be loaded: ${reasonOf(cause)}`, { cause })
  })
  // An empty object too: the tokenizer's library names a public host where it finds nothing at all.
  env.wasm.wasmPaths = wasmPaths
  env.wasm.numThreads = threads
  env.wasm.proxy = false
  env.logLevel = 'fatal'
  return {
    async createSession(model, options) {
      const session = await InferenceSession.create(model, options)
      return {
        inputMetadata: session.inputMetadata,
        outputMetadata: session.outputMetadata,
        run: (feeds, fetches) => session.run(feeds as never, fetches, { logSeverityLevel: SILENT }),
        release: () => session.release(),
      }
    },
    createTensor: (type, data, dims) => new Tensor(type as 'float32', data as Float32Array, dims),
  }
}

let last: Promise<unknown> = Promise.resolve()

/** Runs `work` when all that came before is done: ONNX Runtime's WebAssembly is entered once at a time. */
export function exclusive<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work)
  last = mine.catch(() => {})
  return mine
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
