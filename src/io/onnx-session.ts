import { f16ToF32 } from './half-floats'
import type { ModelFiles } from './model-files'
import { externalDataFiles } from './onnx-external-data'
import { exclusive, OnnxError, type OnnxRuntime, type RuntimeTensor, reasonOf, SILENT } from './onnx-runtime'
import { adoptDevice, withNavigator } from './onnx-webgpu'

/** Where a graph is computed. */
export type OnnxBackend = 'webgpu' | 'wasm'

/** An input or output of a graph. */
export interface OnnxValue {
  /** As ONNX Runtime calls it: `float32`, `int64`, … */
  readonly type: string
  /** Sizes of its axes; a name where a size is not fixed. */
  readonly shape: readonly (number | string)[]
}

/** What a graph is given for one input. */
export interface OnnxFeed {
  readonly type: 'bool' | 'float16' | 'float32' | 'int32' | 'int64'
  readonly dims: readonly number[]
  readonly data: BigInt64Array | Float32Array | Int32Array | Uint8Array | Uint16Array
}

/** An output: on the session's device until it is disposed, or in memory. */
export type OnnxOutput = Disposable & { readonly dims: readonly number[] } & (
    | { readonly buffer: GPUBuffer; readonly values: null }
    | { readonly buffer: null; readonly values: Float32Array }
  )

/** A graph that is ready to be run. */
export interface OnnxSession extends AsyncDisposable {
  readonly backend: OnnxBackend
  readonly inputs: ReadonlyMap<string, OnnxValue>
  readonly outputs: ReadonlyMap<string, OnnxValue>
  /**
   * One output for these inputs, as f32. With `webgpu` it stays on the device, unless the graph gives half floats;
   * what computes it has been submitted.
   *
   * @throws {OnnxError} if ONNX Runtime cannot run the graph with them, or the session is disposed
   */
  run(feeds: ReadonlyMap<string, OnnxFeed>, output: string): Promise<OnnxOutput>
}

/** A model's bytes with those of the files beside it, by the names that it calls them. */
export interface OnnxModel {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly external: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/**
 * Reads an `.onnx` file, and those that its weights lie in.
 *
 * @throws {OnnxError} if it is no ONNX model, or a file that it names is missing
 * @throws {ModelFilesError} if a file cannot be read
 */
export async function readOnnxModel(
  files: ModelFiles,
  path: string,
  signal?: AbortSignal,
): Promise<OnnxModel> {
  const whole = async (file: string) => {
    signal?.throwIfAborted()
    const source = await files.open(file)
    return source.read(0, source.size)
  }
  const name = `${files.name}/${path}`
  const bytes = await whole(path)
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const external = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const location of externalDataFiles(bytes, name)) {
    if (!(await files.has(folder + location)))
      throw new OnnxError(`${name}: its weights lie in '${location}' beside it, and there is no such file`)
    external.set(location, await whole(folder + location))
  }
  return { name, bytes, external }
}

/**
 * Makes a model ready to run on a device, or in WebAssembly where `device` is null. Disposing it leaves the device as
 * it was.
 *
 * @throws {OnnxError} if ONNX Runtime cannot use the model
 */
export async function openOnnxSession(
  runtime: OnnxRuntime,
  { name, bytes, external }: OnnxModel,
  device: GPUDevice | null,
): Promise<OnnxSession> {
  const backend: OnnxBackend = device ? 'webgpu' : 'wasm'
  const failed = (what: string, cause: unknown) => {
    const reason = reasonOf(cause)
    // What it says when its own files cannot be fetched or run, among other things.
    const hint = reason.includes('no available backend')
      ? '; if its files are elsewhere, name them with the option runtime: { files: { mjs, wasm } }'
      : ''
    return new OnnxError(`${name}: ${what} with ${backend}: ${reason}${hint}`, { cause })
  }
  const options = {
    logSeverityLevel: SILENT,
    externalData: [...external].map(([path, data]) => ({ path, data })),
  } as const
  const inner = await exclusive(async () => {
    try {
      if (!device) return await runtime.createSession(bytes, { ...options, executionProviders: ['wasm'] })
      adoptDevice(device)
      return await withNavigator(() =>
        runtime.createSession(bytes, {
          ...options,
          executionProviders: [{ name: 'webgpu', device }],
          preferredOutputLocation: 'gpu-buffer',
        }),
      )
    } catch (cause) {
      throw failed('ONNX Runtime cannot load it', cause)
    }
  })
  const values = (all: typeof inner.inputMetadata) =>
    new Map(
      all.flatMap(one => (one.isTensor ? [[one.name, { type: one.type, shape: one.shape }] as const] : [])),
    )
  let disposed = false
  return {
    backend,
    inputs: values(inner.inputMetadata),
    outputs: values(inner.outputMetadata),
    run: (feeds, output) =>
      exclusive(async () => {
        if (disposed) throw new OnnxError(`${name}: it was disposed before it was run`)
        try {
          const given = [...feeds].map(
            ([key, { type, dims, data }]) => [key, runtime.createTensor(type, data, dims)] as const,
          )
          const result = (await inner.run(Object.fromEntries(given), [output]))[output]!
          return await outputOf(result)
        } catch (cause) {
          throw failed('ONNX Runtime cannot run it', cause)
        }
      }),
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      await exclusive(() => inner.release())
    },
  }
}

async function outputOf(tensor: RuntimeTensor): Promise<OnnxOutput> {
  const { dims, type, location } = tensor
  if (location === 'gpu-buffer' && type === 'float32')
    return { dims, buffer: tensor.gpuBuffer, values: null, [Symbol.dispose]: () => tensor.dispose() }
  const data: unknown = await tensor.getData(true)
  return { dims, buffer: null, values: singles(type, data), [Symbol.dispose]() {} }
}

/** The values of an output in single precision. */
function singles(type: string, data: unknown): Float32Array {
  if (type === 'float32' && data instanceof Float32Array) return data
  if (type !== 'float16' || !ArrayBuffer.isView(data))
    throw new OnnxError(`the output holds ${type}, expected float32 or float16`)
  return f16ToF32(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2))
}
