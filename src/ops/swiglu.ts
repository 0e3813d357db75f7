import fold from '#shaders/lib/fold.wgsl?raw'
import sigmoid from '#shaders/lib/sigmoid.wgsl?raw'
import backward from '#shaders/swiglu-backward.wgsl?raw'
import forward from '#shaders/swiglu-forward.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const workgroups = ({ N, F }: { readonly N: number; readonly F: number }) =>
  [Math.ceil((N * F) / 256)] as const

/** y = silu(gate) · up. */
export const swigluForward = defineKernel({
  name: 'swiglu-forward',
  code: [fold, sigmoid, forward],
  params: { N: 'u32', F: 'u32' },
  bindings: { gate: read('vec4f', 'N F'), up: read('vec4f', 'N F'), y: write('vec4f', 'N F') },
  workgroups,
})

/** ∂loss/∂gate and ∂loss/∂up. */
export const swigluBackward = defineKernel({
  name: 'swiglu-backward',
  code: [fold, sigmoid, backward],
  params: { N: 'u32', F: 'u32', accumulate_gate: 'u32', accumulate_up: 'u32' },
  bindings: {
    gate: read('vec4f', 'N F'),
    up: read('vec4f', 'N F'),
    dy: read('vec4f', 'N F'),
    dgate: write('vec4f', 'N F'),
    dup: write('vec4f', 'N F'),
  },
  workgroups,
})

/**
 * Gated activation of Llama's feed-forward layers: gate [N, F], up [N, F] → silu(gate)·up [N, F].
 * Shazeer, GLU Variants Improve Transformer, https://arxiv.org/abs/2002.05202
 *
 * @throws {TypeError} if both are one tensor: the two gradients are written in one pass
 */
export function swiglu(tape: Tape, gate: Tensor, up: Tensor): Tensor {
  const { gpu } = tape
  if (gate.block === up.block && tape.tracks(gate)) {
    throw new TypeError(
      'swiglu: gate and up share their memory, expected two tensors. Copy one of them first',
    )
  }
  const y = tape.tensor(gate.shape)
  gpu.run(swigluForward, { gate, up, y }, {})
  tape.record([gate, up], [y], [], () => {
    const dy = tape.gradient(y)
    const dgate = tape.destination(gate)
    const dup = tape.destination(up)
    // One kernel writes both gradients; an unwanted one goes to memory of its own.
    const unwanted = dgate && dup ? null : tape.tensor(y.shape)
    gpu.run(
      swigluBackward,
      { gate, up, dy, dgate: dgate?.grad ?? unwanted!, dup: dup?.grad ?? unwanted! },
      { accumulate_gate: dgate?.accumulate ?? 0, accumulate_up: dup?.accumulate ?? 0 },
    )
    if (unwanted) tape.free(unwanted)
  })
  return y
}
