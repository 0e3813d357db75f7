import fold from '#shaders/lib/fold.wgsl?raw'
import rowsSum from '#shaders/lib/rows-sum.wgsl?raw'
import backwardInput from '#shaders/rms-norm-backward-input.wgsl?raw'
import backwardWeight from '#shaders/rms-norm-backward-weight.wgsl?raw'
import forward from '#shaders/rms-norm-forward.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { sumByParts } from './bias'
import { byRows, byWidth, ofRows, ofWidth } from './row-kernels'
import type { Tape } from './tape'

/** y = x · rstd · (offset + w), with rstd = 1 / √(mean(x²) + eps) over each row. */
export const rmsNormForward = byRows(({ code, element }, { LANES, ROWS }) =>
  defineKernel({
    name: 'rms-norm-forward',
    code: [fold, code, rowsSum, forward],
    params: { N: 'u32', C: 'u32', eps: 'f32', offset: 'f32' },
    bindings: {
      x: read(element, 'N C'),
      w: read(element, 'C'),
      y: write(element, 'N C'),
      rstd: write('f32', 'N'),
    },
    overrides: { LANES, ROWS },
    workgroups: ({ N }) => [Math.ceil(N / ROWS)],
  }),
)

/** ∂loss/∂x. */
export const rmsNormBackwardInput = byRows(({ code, element }, { LANES, ROWS }) =>
  defineKernel({
    name: 'rms-norm-backward-input',
    code: [fold, code, rowsSum, backwardInput],
    params: { N: 'u32', C: 'u32', offset: 'f32', accumulate: 'u32' },
    bindings: {
      x: read(element, 'N C'),
      w: read(element, 'C'),
      rstd: read('f32', 'N'),
      dy: read(element, 'N C'),
      dx: write(element, 'N C'),
    },
    overrides: { LANES, ROWS },
    workgroups: ({ N }) => [Math.ceil(N / ROWS)],
  }),
)

/** ∂loss/∂w: sums over parts of the rows. */
export const rmsNormBackwardWeight = byWidth(({ code, element, width }) =>
  defineKernel({
    name: 'rms-norm-backward-weight',
    code: [code, backwardWeight],
    params: { N: 'u32', C: 'u32', height: 'u32', accumulate: 'u32' },
    bindings: {
      x: read(element, 'N C'),
      rstd: read('f32', 'N'),
      dy: read(element, 'N C'),
      part: write(element, 'P C'),
    },
    workgroups: ({ P, C }) => [Math.ceil(C / (64 * width)), P],
  }),
)

/**
 * Normalizes rows to unit RMS: x [N, C], w [C] → y [N, C]. `eps` is added to the mean square, and `offset` to w: Gemma's
 * weights are stored less 1. Zhang and Sennrich, https://arxiv.org/abs/1910.07467
 */
export function rmsNorm(tape: Tape, x: Tensor, w: Tensor, { eps = 1e-5, offset = 0 } = {}): Tensor {
  const { gpu } = tape
  const [N = 0, C = 0] = x.shape
  const y = tape.tensor(x.shape)
  const rstd = tape.tensor([N])
  gpu.run(ofRows(rmsNormForward, gpu, C), { x, w, y, rstd }, { eps, offset })
  tape.record([x, w], [y], [rstd], () => {
    const dy = tape.gradient(y)
    const dx = tape.destination(x)
    if (dx) {
      const kernel = ofRows(rmsNormBackwardInput, gpu, C)
      gpu.run(kernel, { x, w, rstd, dy, dx: dx.grad }, { offset, accumulate: dx.accumulate })
    }
    const dw = tape.destination(w)
    if (dw) {
      const kernel = ofWidth(rmsNormBackwardWeight, C)
      sumByParts(gpu, N, dw, (part, params) => gpu.run(kernel, { x, rstd, dy, part }, params))
    }
  })
  return y
}
