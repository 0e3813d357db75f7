import fold from '#shaders/lib/fold.wgsl?raw'
import backward from '#shaders/split-backward.wgsl?raw'
import forward from '#shaders/split-forward.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { byWidth, ofWidth } from './row-kernels'
import type { Tape } from './tape'

/** y = some columns of x. */
export const splitForward = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'split-forward',
    code: [fold, value, forward],
    params: { N: 'u32', S: 'u32', C: 'u32', first: 'u32' },
    bindings: { x: read(element, 'N S'), y: write(element, 'N C') },
    workgroups: ({ N, C }) => [Math.ceil((N * C) / (256 * width))],
  }),
)

/** ∂loss/∂x, in these columns. */
export const splitBackward = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'split-backward',
    code: [fold, value, backward],
    params: { N: 'u32', S: 'u32', C: 'u32', first: 'u32', accumulate: 'u32' },
    bindings: { dy: read(element, 'N C'), dx: write(element, 'N S') },
    workgroups: ({ N, C }) => [Math.ceil((N * C) / (256 * width))],
  }),
)

/**
 * Columns in equal parts: x [N, P·C] → P tensors [N, C]. Each part must have a gradient where x has one.
 *
 * @throws {ShapeError} if the columns are not a multiple of the parts
 */
export function split(tape: Tape, x: Tensor, parts: number): Tensor[] {
  const { gpu } = tape
  const [N = 0, S = 0] = x.shape
  if (S % parts !== 0) throw new ShapeError(`split: ${S} columns of x in ${parts} parts`)
  const C = S / parts
  const outputs = Array.from({ length: parts }, (_, p) => {
    const y = tape.tensor([N, C])
    gpu.run(ofWidth(splitForward, C), { x, y }, { first: p * C })
    return y
  })
  tape.record([x], outputs, [], () => {
    const dx = tape.destination(x)
    if (!dx) return
    outputs.forEach((y, p) => {
      gpu.run(
        ofWidth(splitBackward, C),
        { dy: tape.gradient(y), dx: dx.grad },
        { first: p * C, accumulate: dx.accumulate },
      )
    })
  })
  return outputs
}
