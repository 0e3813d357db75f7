import backwardInput from '#shaders/layer-norm-backward-input.wgsl?raw'
import backwardWeight from '#shaders/layer-norm-backward-weight.wgsl?raw'
import forward from '#shaders/layer-norm-forward.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import rowSum from '#shaders/lib/row-sum.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { columnSums } from './bias'
import type { Tape } from './tape'

/** y = (x − mean) · rstd · w + b, with mean and rstd = 1 / √(variance + eps) of each row. */
export const layerNormForward = defineKernel({
  name: 'layer-norm-forward',
  code: [fold, rowSum, forward],
  params: { N: 'u32', C: 'u32', eps: 'f32' },
  bindings: {
    x: read('f32', 'N C'),
    w: read('f32', 'C'),
    b: read('f32', 'C'),
    y: write('f32', 'N C'),
    mean: write('f32', 'N'),
    rstd: write('f32', 'N'),
  },
  workgroups: ({ N }) => [N],
})

/** ∂loss/∂x. */
export const layerNormBackwardInput = defineKernel({
  name: 'layer-norm-backward-input',
  code: [fold, rowSum, backwardInput],
  params: { N: 'u32', C: 'u32', accumulate: 'u32' },
  bindings: {
    x: read('f32', 'N C'),
    w: read('f32', 'C'),
    mean: read('f32', 'N'),
    rstd: read('f32', 'N'),
    dy: read('f32', 'N C'),
    dx: write('f32', 'N C'),
  },
  workgroups: ({ N }) => [N],
})

const LANES_C = 16

/** ∂loss/∂w: sums over rows. */
export const layerNormBackwardWeight = defineKernel({
  name: 'layer-norm-backward-weight',
  code: [backwardWeight],
  params: { N: 'u32', C: 'u32', accumulate: 'u32' },
  bindings: {
    x: read('f32', 'N C'),
    mean: read('f32', 'N'),
    rstd: read('f32', 'N'),
    dy: read('f32', 'N C'),
    dw: write('f32', 'C'),
  },
  overrides: { LANES_C },
  workgroups: ({ C }) => [Math.ceil(C / LANES_C)],
})

/**
 * Normalizes rows to mean 0 and variance 1: x [N, C], w and b [C] → y [N, C]. `eps` is added to the variance, the mean
 * of squares. Ba et al., Layer Normalization, https://arxiv.org/abs/1607.06450
 */
export function layerNorm(tape: Tape, x: Tensor, w: Tensor, b: Tensor, { eps = 1e-5 } = {}): Tensor {
  const { gpu } = tape
  const [N = 0] = x.shape
  const y = tape.tensor(x.shape)
  const mean = tape.tensor([N])
  const rstd = tape.tensor([N])
  gpu.run(layerNormForward, { x, w, b, y, mean, rstd }, { eps })
  tape.record([x, w, b], [y], [mean, rstd], () => {
    const dy = tape.gradient(y)
    const rows = { x, mean, rstd, dy }
    const dx = tape.destination(x)
    if (dx) gpu.run(layerNormBackwardInput, { ...rows, w, dx: dx.grad }, { accumulate: dx.accumulate })
    const dw = tape.destination(w)
    if (dw) gpu.run(layerNormBackwardWeight, { ...rows, dw: dw.grad }, { accumulate: dw.accumulate })
    const db = tape.destination(b)
    if (db) columnSums(gpu, dy, db.grad, { accumulate: db.accumulate === 1 })
  })
  return y
}
