import fold from '#shaders/lib/fold.wgsl?raw'
import backward from '#shaders/split-backward.wgsl?raw'
import forward from '#shaders/split-forward.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const workgroups = ({ N, C }: { readonly N: number; readonly C: number }) =>
  [Math.ceil((N * C) / 256)] as const

/** y = some columns of x. */
export const splitForward = defineKernel({
  name: 'split-forward',
  code: [fold, forward],
  params: { N: 'u32', S: 'u32', C: 'u32', first: 'u32' },
  bindings: { x: read('f32', 'N S'), y: write('f32', 'N C') },
  workgroups,
})

/** ∂loss/∂x, in these columns. */
export const splitBackward = defineKernel({
  name: 'split-backward',
  code: [fold, backward],
  params: { N: 'u32', S: 'u32', C: 'u32', first: 'u32', accumulate: 'u32' },
  bindings: { dy: read('f32', 'N C'), dx: write('f32', 'N S') },
  workgroups,
})

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
    gpu.run(splitForward, { x, y }, { first: p * C })
    return y
  })
  tape.record([x], outputs, [], () => {
    const dx = tape.destination(x)
    if (!dx) return
    outputs.forEach((y, p) => {
      gpu.run(
        splitBackward,
        { dy: tape.gradient(y), dx: dx.grad },
        { first: p * C, accumulate: dx.accumulate },
      )
    })
  })
  return outputs
}
