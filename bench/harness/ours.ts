import type { Gpu } from '../../src/gpu/gpu'
import type { Recording } from '../../src/gpu/recording'
import type { Tensor } from '../../src/gpu/tensor'
import type { Arrays, Contender } from './contender'
import { ourVersion } from './versions'

export type Tensors = Readonly<Record<string, Tensor>>
export type Shapes = Readonly<Record<string, readonly number[]>>

/**
 * tabtune's way, as training does it: recorded once, replayed each time.
 *
 * @param shapes of the results
 * @param body computes `results` from `inputs`
 */
export function ours(
  gpu: Gpu,
  shapes: Shapes,
  body: (inputs: Tensors, results: Tensors) => void,
  how = 'replayed',
): Contender {
  const results = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, gpu.empty(shape)]))
  let inputs: Tensors | null = null
  let recording: Recording | null = null
  return {
    name: 'tabtune',
    version: ourVersion,
    adapter: gpu.adapter.description,
    how,
    load(arrays) {
      inputs ??= Object.fromEntries(
        Object.entries(arrays).map(([name, { shape, data }]) => [name, gpu.tensor(shape, data)]),
      )
      for (const [name, { data }] of Object.entries(arrays)) gpu.write(inputs[name]!, data)
      const from = inputs
      recording ??= gpu.record(() => body(from, results))
      gpu.submit()
    },
    async run(times) {
      if (!recording) throw new Error('tabtune has no inputs yet')
      for (let n = 0; n < times; n++) gpu.replay(recording)
      await gpu.idle()
    },
    async read() {
      const read: [string, Arrays[string]][] = []
      for (const [name, tensor] of Object.entries(results)) {
        read.push([name, { shape: tensor.shape, data: await gpu.read(tensor) }])
      }
      return Object.fromEntries(read)
    },
    close() {
      recording?.[Symbol.dispose]()
      for (const tensor of [...Object.values(inputs ?? {}), ...Object.values(results)]) {
        tensor[Symbol.dispose]()
      }
      gpu.trim()
    },
  }
}
