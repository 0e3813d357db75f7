import nn from '#shaders/linear-nn-lora.wgsl?raw'
import nt from '#shaders/linear-nt-lora.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { checkWords } from './matmul'
import { shardsOf, type Weight } from './matrix'
import { kernelFor, productKernels } from './product'
import { suitsCard } from './product-profiles'
import { byFormat, ofFormat } from './weight-formats'

export const linearNtLora = byFormat(({ code, element, overrides }) =>
  productKernels({
    name: 'linear-nt-lora',
    code: [code, nt],
    params: {
      M: 'u32',
      N: 'u32',
      K: 'u32',
      R: 'u32',
      O: 'u32',
      first: 'u32',
      scale: 'f32',
      accumulate: 'u32',
    },
    bindings: c => ({
      x: read('vec4f', 'M K'),
      w: read(element, 'N W'),
      low: read('vec4f', 'M R'),
      b: read('vec4f', 'O R'),
      c: write(c, 'M O'),
    }),
    overrides,
    results: ({ M = 0, N = 0 }) => [M, N, 1],
    steps: ({ K = 0, R = 0 }) => K + R,
  }),
)

export const linearNnLora = byFormat(({ code, element, overrides }) =>
  productKernels({
    name: 'linear-nn-lora',
    code: [code, nn],
    params: { M: 'u32', N: 'u32', K: 'u32', R: 'u32', accumulate: 'u32' },
    bindings: c => ({
      dy: read('vec4f', 'M K'),
      w: read(element, 'K W'),
      dlow: read('vec4f', 'M R'),
      a: read('vec4f', 'R N'),
      c: write(c, 'M N'),
    }),
    overrides,
    results: ({ M = 0, N = 0 }) => [M, N, 1],
    steps: ({ K = 0, R = 0 }) => K + R,
  }),
)

/** Rows, columns of a weight [O, I], and rank of its change: all in fours. */
const aligned = (w: Weight, rank: number) => [...w.shape, rank].every(size => size % 4 === 0)

const shape = (rows: number, columns: number, alongK: boolean) => ({
  ...{ rows, columns, alongK },
  ...{ alignedOperands: true, alignedResults: true },
})

/**
 * Whether a device gains from computing a layer [O, I] and its low-rank change in one pass over the results: a card,
 * which waits for memory. On a processor two passes are faster, for their loops are simpler.
 */
export const fusesLora = (gpu: Gpu, w: Weight, rank: number): boolean => suitsCard(gpu) && aligned(w, rank)

/** y = x·wᵀ + scale·low·bᵀ (+ y): x [N, I], w [O, I], low [N, R], b [O, R] → y [N, O], where `fusesLora`. */
export function fusedForward(
  gpu: Gpu,
  w: Weight,
  { x, low, b, y }: Readonly<Record<'x' | 'low' | 'b' | 'y', Tensor>>,
  { scale, accumulate }: { readonly scale: number; readonly accumulate: boolean },
): void {
  const [N = 0, I = 0] = x.shape
  for (const shard of shardsOf(w)) {
    checkWords(shard, I)
    const { first, rows, format, values } = shard
    const kernel = kernelFor(gpu, ofFormat(linearNtLora, format, I), shape(N, rows, true))
    gpu.run(kernel, { x, w: values, low, b, c: y }, { first, scale, accumulate: accumulate ? 1 : 0 })
  }
}

/** Whether `fusedBackward` can: it sums over all rows of w at once, so they must be in one binding. */
export const fusesLoraBackward = (gpu: Gpu, w: Weight, rank: number): boolean =>
  fusesLora(gpu, w, rank) && shardsOf(w).length === 1

/** dx = dy·w + dlow·a (+ dx): dy [N, O], w [O, I], dlow [N, R], a [R, I] → dx [N, I], where `fusesLoraBackward`. */
export function fusedBackward(
  gpu: Gpu,
  w: Weight,
  { dy, dlow, a, dx }: Readonly<Record<'dy' | 'dlow' | 'a' | 'dx', Tensor>>,
  { accumulate }: { readonly accumulate: number },
): void {
  const [N = 0, I = 0] = dx.shape
  for (const shard of shardsOf(w)) {
    checkWords(shard, I)
    const { format, values } = shard
    const kernel = kernelFor(gpu, ofFormat(linearNnLora, format, I), shape(N, I, false))
    gpu.run(kernel, { dy, w: values, dlow, a, c: dx }, { accumulate })
  }
}
