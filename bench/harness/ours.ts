import type { Gpu } from '../../src/gpu/gpu'
import type { Recording } from '../../src/gpu/recording'
import type { Tensor } from '../../src/gpu/tensor'
import type { Tape } from '../../src/ops/tape'
import type { Arrays, Contender } from './contender'
import { ourVersion } from './versions'

export type Tensors = Readonly<Record<string, Tensor>>

/**
 * tabtune's way, as training does it: recorded once, replayed each time.
 *
 * @param body computes results from the inputs. Their memory is the recording's, so they are read before another one
 *   is replayed; a tape must not free them.
 */
export function ours(gpu: Gpu, body: (inputs: Tensors) => Tensors, how = 'replayed'): Contender {
  let inputs: Tensors | null = null
  let results: Tensors = {}
  let recording: Recording | null = null
  return {
    name: 'tabtune',
    version: ourVersion,
    adapter: gpu.adapterName,
    how,
    load(arrays) {
      const from = inputs ?? tensorsOf(gpu, arrays)
      inputs = from
      for (const [name, { data }] of Object.entries(arrays)) gpu.write(from[name]!, data)
      recording ??= gpu.record(() => {
        results = body(from)
      })
      gpu.submit()
    },
    async run(times) {
      if (!recording) throw new Error('tabtune has no inputs yet')
      for (let n = 0; n < times; n++) gpu.replay(recording)
      await gpu.idle()
    },
    read: () => readAll(gpu, results),
    close() {
      recording?.[Symbol.dispose]()
      for (const tensor of Object.values(inputs ?? {})) tensor[Symbol.dispose]()
      gpu.trim()
    },
  }
}

export const tensorsOf = (gpu: Gpu, arrays: Arrays): Tensors =>
  Object.fromEntries(Object.entries(arrays).map(([name, { shape, data }]) => [name, gpu.tensor(shape, data)]))

export async function readAll(gpu: Gpu, tensors: Tensors): Promise<Arrays> {
  const read: [string, Arrays[string]][] = []
  for (const [name, tensor] of Object.entries(tensors)) {
    read.push([name, { shape: tensor.shape, data: await gpu.read(tensor) }])
  }
  return Object.fromEntries(read)
}

/**
 * Lets gradients flow into tensors as if layers before had made them. After the backward pass the object returned has
 * them: of `x` as `dx`.
 */
export function gradientsInto(tape: Tape, inputs: Tensors): Record<string, Tensor> {
  const gradients: Record<string, Tensor> = {}
  for (const [name, tensor] of Object.entries(inputs)) {
    const before = tape.tensor([1])
    tape.parameter(before, tape.tensor([1]))
    tape.record([before], [tensor], [], () => {
      gradients[`d${name}`] = tape.release(tape.gradient(tensor))
    })
  }
  return gradients
}
