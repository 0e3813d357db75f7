import type * as Transformers from '@huggingface/transformers'
import type { ModelFiles } from '../../src/io/model-files'
import { peerVersions } from '../harness/versions'
import { openOnnxRuntime } from './onnxruntime-library'

export type TransformersModule = typeof Transformers

export interface TransformersLibrary {
  readonly module: TransformersModule
  readonly version: string
  /** ONNX Runtime's. */
  readonly device: GPUDevice
  /** What `from_pretrained` and `pipeline` are to be given, to run a model in f32 on WebGPU. */
  options(files: ModelFiles): Promise<Transformers.PretrainedModelOptions>
}

/** What a model is called in place of its name on the Hub. */
export const MODEL = 'bench/model'

/** Where transformers.js looks for an ONNX Runtime that its surroundings bring along. */
const RUNTIME = Symbol.for('onnxruntime')

/**
 * transformers.js on ONNX Runtime Web's WebGPU, in Node too, where by itself it would take the processor. To be opened
 * before anything else imports its package. Nothing is fetched: models are the files of the last `options`.
 */
export async function openTransformers(): Promise<TransformersLibrary> {
  const { ort, device } = await openOnnxRuntime()
  // Without any it names a public host.
  ort.env.wasm.wasmPaths ??= {}
  const inNode = typeof process !== 'undefined'
  if (inNode) Object.assign(globalThis, { [RUNTIME]: ort })
  const module: TransformersModule = await import('@huggingface/transformers')
  const { env } = module
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.useBrowserCache = false
  env.useFSCache = false
  env.useCustomCache = true
  return {
    module,
    version: peerVersions['@huggingface/transformers'] ?? '',
    device,
    async options(files) {
      env.customCache = cacheOf(files)
      const data = 'onnx/model.onnx_data'
      const bytes = async (path: string) => {
        const source = await files.open(path)
        return source.read(0, source.size)
      }
      const external = (await files.has(data)) ? [{ path: 'model.onnx_data', data: await bytes(data) }] : []
      return {
        dtype: 'fp32',
        // With another's runtime it knows no device, and takes what the session asks for.
        device: inNode ? 'auto' : 'webgpu',
        session_options: { executionProviders: ['webgpu'], externalData: external },
      }
    },
  }
}

/** Files as transformers.js keeps what it fetched: by addresses that end in the model's name and a path. */
function cacheOf(files: ModelFiles) {
  return {
    async match(request: string) {
      const path = request
        .split(`${MODEL}/`)
        .at(-1)!
        .replace(/^resolve\/main\//, '')
      if (!(await files.has(path))) return undefined
      const source = await files.open(path)
      return new Response(await source.read(0, source.size))
    },
    async put() {},
  }
}
