import backward from '#shaders/gather-backward.wgsl?raw'
import forward from '#shaders/gather-forward.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { byWidth, ofWidth } from './row-kernels'
import type { Tape } from './tape'

const params = { N: 'u32', C: 'u32', R: 'u32' } as const

/** y = x[index]. */
export const gatherForward = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'gather-forward',
    code: [fold, value, forward],
    params,
    bindings: { x: read(element, 'N C'), index: read('u32', 'R'), y: write(element, 'R C') },
    workgroups: ({ R, C }) => [Math.ceil((R * C) / (64 * width))],
    cost: ({ R, C }) => ({ bytes: 4 * R * (1 + 2 * C) }),
  }),
)

/** Adds ∂loss/∂x to what is there. */
export const gatherBackward = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'gather-backward',
    code: [fold, value, backward],
    params,
    bindings: { dy: read(element, 'R C'), index: read('u32', 'R'), dx: write(element, 'N C') },
    workgroups: ({ R, C }) => [Math.ceil((R * C) / (64 * width))],
    cost: ({ R, C }) => ({ bytes: 4 * R * (1 + 3 * C) }),
  }),
)

/**
 * Takes rows: x [N, C], index u32 [R] → y [R, C]. An index of 0xffffffff, or any other from N on, takes zeros and
 * has no gradient. No row may be taken twice: the backward pass writes to each without asking who else does.
 */
export function gather(tape: Tape, x: Tensor, index: Tensor): Tensor {
  const { gpu } = tape
  const [R = 0] = index.shape
  const [, C = 0] = x.shape
  const y = tape.tensor([R, C])
  gpu.run(ofWidth(gatherForward, C), { x, index, y }, {})
  tape.record([x], [y], [], () => {
    const dx = tape.destination(x)
    if (!dx) return
    if (dx.accumulate === 0) gpu.clear(dx.grad)
    gpu.run(ofWidth(gatherBackward, C), { dy: tape.gradient(y), index, dx: dx.grad }, {})
  })
  return y
}
