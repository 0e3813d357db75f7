import backwardInput from '#shaders/layer-norm-backward-input.wgsl?raw'
import backwardWeight from '#shaders/layer-norm-backward-weight.wgsl?raw'
import forward from '#shaders/layer-norm-forward.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import rowsSum from '#shaders/lib/rows-sum.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { columnSums, sumByParts } from './bias'
import { byRows, byWidth, ofRows, ofWidth } from './row-kernels'
import type { Tape } from './tape'

/** y = (x − mean) · rstd · w + b, with mean and rstd = 1 / √(variance + eps) of each row. */
export const layerNormForward = byRows(({ code, element }, { LANES, ROWS }) =>
  defineKernel({
    name: 'layer-norm-forward',
    code: [fold, code, rowsSum, forward],
    params: { N: 'u32', C: 'u32', eps: 'f32' },
    bindings: {
      x: read(element, 'N C'),
      w: read(element, 'C'),
      b: read(element, 'C'),
      y: write(element, 'N C'),
      mean: write('f32', 'N'),
      rstd: write('f32', 'N'),
    },
    overrides: { LANES, ROWS },
    workgroups: ({ N }) => [Math.ceil(N / ROWS)],
  }),
)

/** ∂loss/∂x. */
export const layerNormBackwardInput = byRows(({ code, element }, { LANES, ROWS }) =>
  defineKernel({
    name: 'layer-norm-backward-input',
    code: [fold, code, rowsSum, backwardInput],
    params: { N: 'u32', C: 'u32', accumulate: 'u32' },
    bindings: {
      x: read(element, 'N C'),
      w: read(element, 'C'),
      mean: read('f32', 'N'),
      rstd: read('f32', 'N'),
      dy: read(element, 'N C'),
      dx: write(element, 'N C'),
    },
    overrides: { LANES, ROWS },
    workgroups: ({ N }) => [Math.ceil(N / ROWS)],
  }),
)

/** ∂loss/∂w: sums over parts of the rows. */
export const layerNormBackwardWeight = byWidth(({ code, element, width }) =>
  defineKernel({
    name: 'layer-norm-backward-weight',
    code: [code, backwardWeight],
    params: { N: 'u32', C: 'u32', height: 'u32', accumulate: 'u32' },
    bindings: {
      x: read(element, 'N C'),
      mean: read('f32', 'N'),
      rstd: read('f32', 'N'),
      dy: read(element, 'N C'),
      part: write(element, 'P C'),
    },
    workgroups: ({ P, C }) => [Math.ceil(C / (64 * width)), P],
  }),
)

/**
 * Normalizes rows to mean 0 and variance 1: x [N, C], w and b [C] → y [N, C]. `eps` is added to the variance, the mean
 * of squares. Ba et al., Layer Normalization, https://arxiv.org/abs/1607.06450
 */
export function layerNorm(tape: Tape, x: Tensor, w: Tensor, b: Tensor, { eps = 1e-5 } = {}): Tensor {
  const { gpu } = tape
  const [N = 0, C = 0] = x.shape
  const y = tape.tensor(x.shape)
  const mean = tape.tensor([N])
  const rstd = tape.tensor([N])
  gpu.run(ofRows(layerNormForward, gpu, C), { x, w, b, y, mean, rstd }, { eps })
  tape.record([x, w, b], [y], [mean, rstd], () => {
    const dy = tape.gradient(y)
    const rows = { x, mean, rstd, dy }
    const dx = tape.destination(x)
    if (dx) {
      const kernel = ofRows(layerNormBackwardInput, gpu, C)
      gpu.run(kernel, { ...rows, w, dx: dx.grad }, { accumulate: dx.accumulate })
    }
    const dw = tape.destination(w)
    if (dw) {
      const kernel = ofWidth(layerNormBackwardWeight, C)
      sumByParts(gpu, N, dw, (part, params) => gpu.run(kernel, { ...rows, part }, params))
    }
    const db = tape.destination(b)
    if (db) columnSums(gpu, dy, db.grad, { accumulate: db.accumulate === 1 })
  })
  return y
}
