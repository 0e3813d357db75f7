import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type * as Core from '@tensorflow/tfjs-core'
import { adapterOf } from '../harness/adapter'
import type { Arrays, Contender } from '../harness/contender'

export type Tf = typeof Core
export type TfTensors = Core.NamedTensorMap
/** Computes results by name. What it makes on the way is disposed. */
export type TfFunction = (tf: Tf, inputs: TfTensors) => TfTensors

/**
 * Computes y, and from the input `dy` the gradients of the inputs named: of `x` as `dx`.
 *
 * @param compute gives y
 */
export function gradientsOf(
  named: readonly string[],
  compute: (tf: Tf, inputs: TfTensors) => Core.Tensor,
): TfFunction {
  return (tf, { dy, ...inputs }) => {
    let y: Core.Tensor | null = null
    const gradients = tf.grads((...leaves: Core.Tensor[]) => {
      const leavesByName = Object.fromEntries(named.map((name, i) => [name, leaves[i]!]))
      y = tf.keep(compute(tf, { ...inputs, ...leavesByName }))
      return y
    })(
      named.map(name => inputs[name]!),
      dy!,
    )
    return { y: y!, ...Object.fromEntries(named.map((name, i) => [`d${name}`, gradients[i]!])) }
  }
}

export interface TfLibrary {
  readonly tf: Tf
  readonly device: GPUDevice
  contender(how: string, compute: TfFunction): Contender
}

/**
 * TensorFlow.js on WebGPU.
 *
 * @throws {Error} if it does not run on WebGPU
 */
export async function openTfjs(): Promise<TfLibrary> {
  // The backend registers itself only where it sees a window or a worker.
  const scope = globalThis as { WorkerGlobalScope?: unknown }
  const shim = !('window' in globalThis) && scope.WorkerGlobalScope === undefined
  if (shim) scope.WorkerGlobalScope = class {}
  const tf: Tf = await import('@tensorflow/tfjs-core')
  await import('@tensorflow/tfjs-core/dist/register_all_gradients')
  await import('@tensorflow/tfjs-backend-webgpu')
  if (shim) delete scope.WorkerGlobalScope
  if (!(await tf.setBackend('webgpu')) || tf.getBackend() !== 'webgpu') {
    throw new Error(`tfjs runs on ${tf.getBackend()}, expected webgpu`)
  }
  const backend = tf.backend() as WebGPUBackend
  const { device } = backend
  return {
    tf,
    device,
    contender(how, compute) {
      let inputs: TfTensors = {}
      let results: TfTensors = {}
      return {
        name: 'tfjs',
        version: tf.version_core,
        adapter: adapterOf(device),
        how,
        load(arrays) {
          tf.dispose(Object.values(inputs))
          inputs = Object.fromEntries(
            Object.entries(arrays).map(([name, { shape, data }]) => [
              name,
              data instanceof Float32Array
                ? tf.tensor(data, [...shape], 'float32')
                : tf.tensor(Int32Array.from(data), [...shape], 'int32'),
            ]),
          )
          for (const { dataId } of Object.values(inputs)) backend.uploadToGPU(dataId)
        },
        async run(times) {
          for (let n = 0; n < times; n++) {
            tf.dispose(Object.values(results))
            results = tf.tidy(() => compute(tf, inputs))
          }
          // The last commands wait for more to be submitted with.
          backend.endComputePassEncoder()
          backend.ensureCommandEncoderReady()
          backend.submitQueue()
          await device.queue.onSubmittedWorkDone()
        },
        async read() {
          const read: [string, Arrays[string]][] = []
          for (const [name, tensor] of Object.entries(results)) {
            read.push([name, { shape: tensor.shape, data: (await tensor.data()) as Float32Array }])
          }
          return Object.fromEntries(read)
        },
        close() {
          tf.dispose([...Object.values(inputs), ...Object.values(results)])
        },
      }
    },
  }
}
