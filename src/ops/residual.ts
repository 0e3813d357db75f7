import fold from '#shaders/lib/fold.wgsl?raw'
import backward from '#shaders/residual-backward.wgsl?raw'
import forward from '#shaders/residual-forward.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const workgroups = ({ N, C }: { readonly N: number; readonly C: number }) =>
  [Math.ceil((N * C) / 256)] as const

/** y = a + b. */
export const residualForward = defineKernel({
  name: 'residual-forward',
  code: [fold, forward],
  params: { N: 'u32', C: 'u32' },
  bindings: { a: read('vec4f', 'N C'), b: read('vec4f', 'N C'), y: write('vec4f', 'N C') },
  workgroups,
})

/** ∂loss/∂a or ∂loss/∂b. */
export const residualBackward = defineKernel({
  name: 'residual-backward',
  code: [fold, backward],
  params: { N: 'u32', C: 'u32', accumulate: 'u32' },
  bindings: { dy: read('vec4f', 'N C'), dx: write('vec4f', 'N C') },
  workgroups,
})

/** Adds a layer's result to its residual stream: a [N, C], b [N, C] → y [N, C]. */
export function add(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const { gpu } = tape
  const y = tape.tensor(a.shape)
  gpu.run(residualForward, { a, b, y }, {})
  tape.record([a, b], [y], [], () => {
    const dy = tape.gradient(y)
    // One input takes over the memory of dy; the other gets a copy. Where both are one tensor, dy would be
    // added to itself in place, so it is copied and then added.
    const taker =
      (a.base ?? a) === (b.base ?? b)
        ? undefined
        : [a, b].find(input => tape.tracks(input) && tape.handOver(y, input))
    for (const input of [a, b]) {
      if (input === taker) continue
      const dx = tape.destination(input)
      if (dx) gpu.run(residualBackward, { dy, dx: dx.grad }, { accumulate: dx.accumulate })
    }
  })
  return y
}
