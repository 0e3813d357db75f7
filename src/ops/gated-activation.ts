import backward from '#shaders/gated-activation-backward.wgsl?raw'
import forward from '#shaders/gated-activation-forward.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

const workgroups = ({ N, F }: { readonly N: number; readonly F: number }) =>
  [Math.ceil((N * F) / 256)] as const

/**
 * The kernels of y = activation(gate) · up. Call it at module level.
 *
 * @param activation WGSL modules that define `activation` and `activation_slope` of vec4f
 */
export const defineGatedActivation = (name: string, activation: readonly string[]) => ({
  name,
  forward: defineKernel({
    name: `${name}-forward`,
    code: [fold, ...activation, forward],
    params: { N: 'u32', F: 'u32' },
    bindings: { gate: read('vec4f', 'N F'), up: read('vec4f', 'N F'), y: write('vec4f', 'N F') },
    workgroups,
  }),
  backward: defineKernel({
    name: `${name}-backward`,
    code: [fold, ...activation, backward],
    params: { N: 'u32', F: 'u32', accumulate_gate: 'u32', accumulate_up: 'u32' },
    bindings: {
      gate: read('vec4f', 'N F'),
      up: read('vec4f', 'N F'),
      dy: read('vec4f', 'N F'),
      dgate: write('vec4f', 'N F'),
      dup: write('vec4f', 'N F'),
    },
    workgroups,
  }),
})

/**
 * gate [N, F], up [N, F] → activation(gate)·up [N, F].
 *
 * @throws {TypeError} if both are one tensor: the two gradients are written in one pass
 */
export function gatedActivation(
  tape: Tape,
  kernels: ReturnType<typeof defineGatedActivation>,
  gate: Tensor,
  up: Tensor,
): Tensor {
  const { gpu } = tape
  if (gate.block === up.block && tape.tracks(gate)) {
    throw new TypeError(
      `${kernels.name}: gate and up share their memory, expected two tensors. Copy one of them first`,
    )
  }
  const y = tape.tensor(gate.shape)
  gpu.run(kernels.forward, { gate, up, y }, {})
  tape.record([gate, up], [y], [], () => {
    const dy = tape.gradient(y)
    const dgate = tape.destination(gate)
    const dup = tape.destination(up)
    // One kernel writes both gradients; an unwanted one goes to memory of its own.
    const unwanted = dgate && dup ? null : tape.tensor(y.shape)
    gpu.run(
      kernels.backward,
      { gate, up, dy, dgate: dgate?.grad ?? unwanted!, dup: dup?.grad ?? unwanted! },
      { accumulate_gate: dgate?.accumulate ?? 0, accumulate_up: dup?.accumulate ?? 0 },
    )
    if (unwanted) tape.free(unwanted)
  })
  return y
}
