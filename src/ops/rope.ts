import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/rope.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import type { Tape } from './tape'

/** Rotates pairs by tabulated angles; its own backward pass, with `direction` −1. */
export const ropeKernel = defineKernel({
  name: 'rope',
  code: [fold, code],
  params: { T: 'u32', H: 'u32', K: 'u32', direction: 'f32', accumulate: 'u32' },
  bindings: {
    x: read('vec4f', 'T H D'),
    positions: read('u32', 'T'),
    cosines: read('vec4f', 'P K'),
    sines: read('vec4f', 'P K'),
    y: write('vec4f', 'T H D'),
  },
  workgroups: ({ T, H, K }) => [Math.ceil((T * H * K) / 256)],
})

/** Cosines and sines of every position's angles: each [P, D/2]. */
export interface RopeTable {
  readonly cos: Tensor
  readonly sin: Tensor
}

/**
 * Angles of rotary position embedding, position · theta^(−2k/D), as cosines and sines [positions, D/2]. Computed
 * in double precision: WGSL's own sin and cos are exact to 2⁻¹¹ only, and only near zero.
 * Su et al., RoFormer, https://arxiv.org/abs/2104.09864
 */
export function ropeTable(
  positions: number,
  D: number,
  theta: number,
): { cos: Float32Array; sin: Float32Array } {
  const K = D / 2
  const angle = (_: unknown, i: number) => Math.floor(i / K) * theta ** ((-2 * (i % K)) / D)
  const angles = Float64Array.from({ length: positions * K }, angle)
  return { cos: Float32Array.from(angles, Math.cos), sin: Float32Array.from(angles, Math.sin) }
}

/**
 * Rotates each head by its token's position: x [T, H, D], positions u32 [T], each below P → y [T, H, D].
 * Value k of the first half of a head pairs with value k of the second half, as in Hugging Face's `rotate_half`.
 *
 * @throws {ShapeError} if D is not a multiple of 8, or the table is not for heads of this size
 */
export function rope(tape: Tape, x: Tensor, positions: Tensor, table: RopeTable): Tensor {
  const { gpu } = tape
  const [, , D = 0] = x.shape
  if (D % 8 !== 0) throw new ShapeError(`rope: x has heads of ${D}, expected D to be a multiple of 8`)
  const K = table.cos.shape[1]
  if (K !== D / 2) {
    throw new ShapeError(`rope: the table has ${K} angles a position, expected D / 2 with D = ${D} as in x`)
  }
  const y = tape.tensor(x.shape)
  const angles = { positions, cosines: table.cos, sines: table.sin }
  gpu.run(ropeKernel, { x, ...angles, y }, { direction: 1, accumulate: 0 })
  tape.record([x], [y], [], () => {
    const dx = tape.destination(x)
    if (!dx) return
    const { grad, accumulate } = dx
    gpu.run(ropeKernel, { x: tape.gradient(y), ...angles, y: grad }, { direction: -1, accumulate })
  })
  return y
}
