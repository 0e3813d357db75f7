import backward from '#shaders/gelu-backward.wgsl?raw'
import forward from '#shaders/gelu-forward.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import exact from '#shaders/lib/gelu.wgsl?raw'
import tanh from '#shaders/lib/gelu-tanh.wgsl?raw'
import sigmoid from '#shaders/lib/sigmoid.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const workgroups = ({ N, F }: { readonly N: number; readonly F: number }) =>
  [Math.ceil((N * F) / 256)] as const

const define = (name: string, activation: readonly string[]) => ({
  forward: defineKernel({
    name: `${name}-forward`,
    code: [fold, ...activation, forward],
    params: { N: 'u32', F: 'u32' },
    bindings: { x: read('vec4f', 'N F'), y: write('vec4f', 'N F') },
    workgroups,
  }),
  backward: defineKernel({
    name: `${name}-backward`,
    code: [fold, ...activation, backward],
    params: { N: 'u32', F: 'u32', accumulate: 'u32' },
    bindings: { x: read('vec4f', 'N F'), dy: read('vec4f', 'N F'), dx: write('vec4f', 'N F') },
    workgroups,
  }),
})

/** By the name of the approximation, as PyTorch names them. */
export const geluKernels = { none: define('gelu', [exact]), tanh: define('gelu-tanh', [sigmoid, tanh]) }

/**
 * Gaussian error linear unit, x [N, F] → x · (1 + erf(x/√2)) / 2 [N, F], or with `approximate: 'tanh'`
 * x · (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2. Hendrycks and Gimpel, https://arxiv.org/abs/1606.08415
 */
export function gelu(
  tape: Tape,
  x: Tensor,
  { approximate = 'none' }: { readonly approximate?: keyof typeof geluKernels } = {},
): Tensor {
  const { gpu } = tape
  const kernels = geluKernels[approximate]
  const y = tape.tensor(x.shape)
  gpu.run(kernels.forward, { x, y }, {})
  tape.record([x], [y], [], () => {
    const dx = tape.destination(x)
    if (dx) {
      gpu.run(kernels.backward, { x, dy: tape.gradient(y), dx: dx.grad }, { accumulate: dx.accumulate })
    }
  })
  return y
}
