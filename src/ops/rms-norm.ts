import fold from '#shaders/lib/fold.wgsl?raw'
import rowSum from '#shaders/lib/row-sum.wgsl?raw'
import backwardInput from '#shaders/rms-norm-backward-input.wgsl?raw'
import backwardWeight from '#shaders/rms-norm-backward-weight.wgsl?raw'
import forward from '#shaders/rms-norm-forward.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

/** y = x · rstd · (offset + w), with rstd = 1 / √(mean(x²) + eps) over each row. */
export const rmsNormForward = defineKernel({
  name: 'rms-norm-forward',
  code: [fold, rowSum, forward],
  params: { N: 'u32', C: 'u32', eps: 'f32', offset: 'f32' },
  bindings: {
    x: read('f32', 'N C'),
    w: read('f32', 'C'),
    y: write('f32', 'N C'),
    rstd: write('f32', 'N'),
  },
  workgroups: ({ N }) => [N],
})

/** ∂loss/∂x. */
export const rmsNormBackwardInput = defineKernel({
  name: 'rms-norm-backward-input',
  code: [fold, rowSum, backwardInput],
  params: { N: 'u32', C: 'u32', offset: 'f32', accumulate: 'u32' },
  bindings: {
    x: read('f32', 'N C'),
    w: read('f32', 'C'),
    rstd: read('f32', 'N'),
    dy: read('f32', 'N C'),
    dx: write('f32', 'N C'),
  },
  workgroups: ({ N }) => [N],
})

const LANES_C = 16

/** ∂loss/∂w: sums over rows. */
export const rmsNormBackwardWeight = defineKernel({
  name: 'rms-norm-backward-weight',
  code: [backwardWeight],
  params: { N: 'u32', C: 'u32', accumulate: 'u32' },
  bindings: {
    x: read('f32', 'N C'),
    rstd: read('f32', 'N'),
    dy: read('f32', 'N C'),
    dw: write('f32', 'C'),
  },
  overrides: { LANES_C },
  workgroups: ({ C }) => [Math.ceil(C / LANES_C)],
})

/**
 * Normalizes rows to unit RMS: x [N, C], w [C] → y [N, C]. `eps` is added to the mean square, and `offset` to w: Gemma's
 * weights are stored less 1. Zhang and Sennrich, https://arxiv.org/abs/1910.07467
 */
export function rmsNorm(tape: Tape, x: Tensor, w: Tensor, { eps = 1e-5, offset = 0 } = {}): Tensor {
  const { gpu } = tape
  const [N = 0] = x.shape
  const y = tape.tensor(x.shape)
  const rstd = tape.tensor([N])
  gpu.run(rmsNormForward, { x, w, y, rstd }, { eps, offset })
  tape.record([x, w], [y], [rstd], () => {
    const dy = tape.gradient(y)
    const dx = tape.destination(x)
    if (dx)
      gpu.run(rmsNormBackwardInput, { x, w, rstd, dy, dx: dx.grad }, { offset, accumulate: dx.accumulate })
    const dw = tape.destination(w)
    if (dw) gpu.run(rmsNormBackwardWeight, { x, rstd, dy, dw: dw.grad }, { accumulate: dw.accumulate })
  })
  return y
}
