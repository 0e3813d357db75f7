import backwardMagnitude from '#shaders/dora-backward-magnitude.wgsl?raw'
import normCode from '#shaders/dora-norm.wgsl?raw'
import scaleCode from '#shaders/dora-scale.wgsl?raw'
import scaleRowsCode from '#shaders/dora-scale-rows.wgsl?raw'
import ratio from '#shaders/lib/dora-ratio.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { columnSums, spreadRows } from './bias'
import { dropInputs } from './dropout'
import { inputBackward, product, trainable, weightBackward } from './linear'
import { factorGradients, type LoraFactors, type LoraOptions, withDropped } from './lora'
import { matmulNn, matmulNt } from './matmul'
import { shardsOf, type Weight } from './matrix'
import type { Tape } from './tape'
import { byFormat, ofFormat } from './weight-formats'

/** Lengths of the rows of a changed weight, for some rows. */
export const doraNorm = byFormat(({ code, element, overrides }) =>
  defineKernel({
    name: 'dora-norm',
    code: [fold, code, normCode],
    params: { N: 'u32', I: 'u32', R: 'u32', first: 'u32', scale: 'f32' },
    bindings: {
      w: read(element, 'N W'),
      a: read('vec4f', 'R I'),
      b: read('f32', 'O R'),
      norm: write('f32', 'O'),
    },
    overrides,
    workgroups: ({ N }) => [Math.ceil(N / 4)],
  }),
)

/** Columns times magnitude / norm. */
export const doraScale = defineKernel({
  name: 'dora-scale',
  code: [fold, ratio, scaleCode],
  params: { N: 'u32', O: 'u32', accumulate: 'u32' },
  bindings: {
    z: read('f32', 'N O'),
    magnitude: read('f32', 'O'),
    norm: read('f32', 'O'),
    y: write('f32', 'N O'),
  },
  workgroups: ({ N, O }) => [Math.ceil((N * O) / 64)],
})

/** Rows of a weight times magnitude / norm, in place. */
export const doraScaleRows = defineKernel({
  name: 'dora-scale-rows',
  code: [fold, ratio, scaleRowsCode],
  params: { N: 'u32', I: 'u32', first: 'u32' },
  bindings: { magnitude: read('f32', 'O'), norm: read('f32', 'O'), w: write('f32', 'N I') },
  workgroups: ({ N, I }) => [Math.ceil((N * I) / 64)],
})

export const doraBackwardMagnitude = defineKernel({
  name: 'dora-backward-magnitude',
  code: [backwardMagnitude],
  params: { N: 'u32', O: 'u32', accumulate: 'u32' },
  bindings: {
    dy: read('f32', 'N O'),
    z: read('f32', 'N O'),
    norm: read('f32', 'O'),
    dmagnitude: write('f32', 'O'),
  },
  overrides: { LANES: 16 },
  workgroups: ({ O }) => [Math.ceil(O / 16)],
})

/** norm [O] = ‖w + scale·B·a‖, row by row: w [O, I] in any format, a [R, I], B [O, R]. */
export function changedNorms(
  gpu: Gpu,
  w: Weight,
  { a, b, scale }: Pick<LoraFactors, 'a' | 'b' | 'scale'>,
  norm: Tensor,
): void {
  for (const { first, format, values } of shardsOf(w)) {
    gpu.run(ofFormat(doraNorm, format, w.shape[1] ?? 0), { w: values, a, b, norm }, { first, scale })
  }
}

/** rows [N, I] ·= magnitude / norm, both [O], from `first` on. */
export function scaleRows(
  gpu: Gpu,
  rows: Tensor,
  magnitude: Tensor,
  norm: Tensor,
  { first }: { readonly first: number },
): void {
  gpu.run(doraScaleRows, { magnitude, norm, w: rows }, { first })
}

/**
 * y = x·w′ᵀ + bias, where row o of w′ is that of w + scale·B·a at length magnitude[o]: x [N, I], w [O, I], a [R, I],
 * B [O, R], magnitude [O], bias [O] → y [N, O]. The lengths of w + scale·B·a count as constants in the gradient, as
 * §4.3 of the paper has it, https://arxiv.org/abs/2402.09353.
 *
 * With dropout only what the adapter changes sees the dropped input x̃, as in PEFT: y = x·wᵀ + bias + x̃·(w′ − w)ᵀ.
 */
export function dora(
  tape: Tape,
  x: Tensor,
  w: Weight,
  { magnitude, ...factors }: Omit<LoraFactors, 'magnitude'> & { readonly magnitude: Tensor },
  { bias = null, dropout = null }: LoraOptions = {},
): Tensor {
  const { gpu } = tape
  const { a, b, scale, stream } = factors
  const [N = 0] = x.shape
  const [O = 0] = w.shape
  const norm = tape.tensor([O])
  changedNorms(gpu, w, factors, norm)
  const low = tape.tensor([N, a.shape[0] ?? 0])
  const z = withDropped(tape, x, dropout, { stream }, seen => {
    matmulNt(gpu, seen, a, low)
    return product(tape, seen, w, null)
  })
  matmulNt(gpu, low, b, z, { alpha: scale, accumulate: true })
  const y = dropout
    ? withDropped(tape, x, dropout, { stream, dropped: true }, rest => product(tape, rest, w, bias))
    : tape.tensor([N, O])
  if (bias && !dropout) spreadRows(gpu, bias, y)
  gpu.run(doraScale, { z, magnitude, norm, y }, { accumulate: bias || dropout ? 1 : 0 })
  tape.record([x, a, b, magnitude, ...trainable(w, bias)], [y], [norm, low, z], () => {
    const dy = tape.gradient(y)
    const dm = tape.destination(magnitude)
    if (dm) {
      gpu.run(doraBackwardMagnitude, { dy, z, norm, dmagnitude: dm.grad }, { accumulate: dm.accumulate })
    }
    const db = bias && tape.destination(bias)
    if (db) columnSums(gpu, dy, db.grad, { accumulate: db.accumulate === 1 })
    const dz = tape.tensor([N, O])
    gpu.run(doraScale, { z: dy, magnitude, norm, y: dz }, { accumulate: 0 })
    const dlow = factorGradients(tape, x, factors, low, dz, dropout)
    withDropped(tape, x, dropout, { stream }, seen => weightBackward(tape, seen, w, dz))
    const dx = tape.destination(x)
    const wholeGradient = (into: Tensor, accumulate: boolean) => {
      inputBackward(gpu, w, dz, into, { accumulate })
      matmulNn(gpu, dlow, a, into, { accumulate: true })
    }
    if (dx && !dropout) wholeGradient(dx.grad, dx.accumulate === 1)
    if (dropout) {
      withDropped(tape, x, dropout, { stream, dropped: true }, rest => weightBackward(tape, rest, w, dy))
      if (dx) {
        const part = tape.tensor(x.shape)
        wholeGradient(part, false)
        dropInputs(gpu, dropout, part, dx.grad, { stream, accumulate: dx.accumulate === 1 })
        inputBackward(gpu, w, dy, part)
        dropInputs(gpu, dropout, part, dx.grad, { stream, dropped: true, accumulate: true })
        tape.free(part)
      }
    }
    tape.free(dz)
    tape.free(dlow)
  })
  return y
}
