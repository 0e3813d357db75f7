import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/rope.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { byWidth, ofWidth } from './row-kernels'
import type { Tape } from './tape'

const HEADS = 4
const WORKGROUP_SIZE = 64

/** Rotates pairs by tabulated angles; its own backward pass, with `direction` −1. */
export const ropeKernel = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'rope',
    code: [fold, value, code],
    params: { T: 'u32', H: 'u32', D: 'u32', K: 'u32', direction: 'f32', accumulate: 'u32' },
    bindings: {
      x: read(element, 'T H D'),
      positions: read('u32', 'T'),
      coarse: read(element, 'A 2 K'),
      fine: read(element, '256 2 K'),
      y: write(element, 'T H D'),
    },
    overrides: { HEADS, WORKGROUP_SIZE },
    workgroups: ({ T, H, D, K }) => [
      Math.ceil((T * Math.ceil(H / HEADS) * (D - K)) / (WORKGROUP_SIZE * width)),
    ],
  }),
)

/** How a model's frequencies were changed for a longer context; the names are those of its config in camel case. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalPositions: number
    }
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly originalPositions: number
      readonly betaFast?: number
      readonly betaSlow?: number
      readonly truncate?: boolean
    }

/**
 * Radians a position by which each pair of a head turns, [dimensions / 2]: θ^(−2k/dimensions), then scaled as in
 * `modeling_rope_utils` of transformers. Su et al., RoFormer, https://arxiv.org/abs/2104.09864; YaRN,
 * https://arxiv.org/abs/2309.00071 (whose tables also have `yarnScale`).
 *
 * @param dimensions rotated values of a head, an even number
 */
export function ropeFrequencies({
  dimensions,
  theta,
  scaling = null,
}: {
  readonly dimensions: number
  readonly theta: number
  readonly scaling?: RopeScaling | null
}): Float64Array {
  if (dimensions < 2 || dimensions % 2 !== 0) {
    throw new ShapeError(`ropeFrequencies: ${dimensions} rotated values a head, expected an even number`)
  }
  const plain = Float64Array.from({ length: dimensions / 2 }, (_, k) => theta ** ((-2 * k) / dimensions))
  if (scaling === null) return plain
  const { factor } = scaling
  if (scaling.type === 'linear') return plain.map(frequency => frequency / factor)
  if (scaling.type === 'llama3') {
    const { lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling
    return plain.map(frequency => {
      const turns = (originalPositions * frequency) / (2 * Math.PI)
      if (turns > high) return frequency
      if (turns < low) return frequency / factor
      const kept = (turns - low) / (high - low)
      return ((1 - kept) * frequency) / factor + kept * frequency
    })
  }
  const { originalPositions, betaFast = 32, betaSlow = 1, truncate = true } = scaling
  // The pair that makes so many turns within the original context.
  const pair = (turns: number) =>
    (dimensions * Math.log(originalPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const low = Math.max(truncate ? Math.floor(pair(betaFast)) : pair(betaFast), 0)
  const high = Math.min(truncate ? Math.ceil(pair(betaSlow)) : pair(betaSlow), dimensions - 1)
  const span = low === high ? 0.001 : high - low
  return plain.map((frequency, k) => {
    const slowed = Math.min(Math.max((k - low) / span, 0), 1)
    return (slowed * frequency) / factor + (1 - slowed) * frequency
  })
}

/** The `scale` of a table of YaRN: 0.1 · mscale · ln(factor) + 1, or the ratio of two such where both are given. */
export function yarnScale(
  factor: number,
  { mscale, mscaleAllDim }: { readonly mscale?: number; readonly mscaleAllDim?: number } = {},
): number {
  const scaleOf = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1)
  return mscale && mscaleAllDim ? scaleOf(mscale) / scaleOf(mscaleAllDim) : scaleOf(1)
}

/**
 * Cosines and sines of K angles at the positions 256a and b < 256, from which the kernel makes those at 256a + b.
 * A table of every position would take 67 MB at a context of 131072.
 */
export interface RopeTable extends Disposable {
  /** Of 256a: [A, 2, K], cosines and then sines. */
  readonly coarse: Tensor
  /** Of b: [256, 2, K]. */
  readonly fine: Tensor
}

/**
 * Tables for positions below `positions` and angles position · frequency. Computed in double precision: WGSL's own
 * sin and cos are exact to 2⁻¹¹ only, and only near zero.
 *
 * @param frequencies radians a position, [K], as from `ropeFrequencies`
 * @param scale of both cosines and sines: the attention factor of some scalings
 */
export function ropeTable(
  gpu: Gpu,
  positions: number,
  frequencies: ArrayLike<number>,
  { scale = 1 } = {},
): RopeTable {
  const K = frequencies.length
  const table = (rows: number, step: number, factor: number) => {
    const values = new Float32Array(rows * 2 * K)
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < K; k++) {
        const angle = row * step * frequencies[k]!
        values[row * 2 * K + k] = factor * Math.cos(angle)
        values[row * 2 * K + K + k] = factor * Math.sin(angle)
      }
    }
    return gpu.tensor([rows, 2, K], values)
  }
  const coarse = table(Math.ceil(positions / 256), 256, scale)
  const fine = table(256, 1, 1)
  return {
    coarse,
    fine,
    [Symbol.dispose]() {
      coarse[Symbol.dispose]()
      fine[Symbol.dispose]()
    },
  }
}

/**
 * Rotates each head by its token's position: x [T, H, D], positions u32 [T] → y [T, H, D]. Of a table of K angles,
 * value k < K of a head pairs with value k + K, as in Hugging Face's `rotate_half`; the values from 2K on stay as
 * they are, as in GPT-NeoX.
 *
 * @param positions each below those that the table was made for
 * @throws {ShapeError} if the table has more pairs than a head
 */
export function rope(tape: Tape, x: Tensor, positions: Tensor, table: RopeTable): Tensor {
  const { gpu } = tape
  const [, , D = 0] = x.shape
  const K = table.fine.shape[2] ?? 0
  if (2 * K > D) {
    throw new ShapeError(
      `rope: the table has ${K} angles a position, expected at most D / 2 with D = ${D} as in x`,
    )
  }
  const y = tape.tensor(x.shape)
  const { coarse, fine } = table
  const kernel = ofWidth(ropeKernel, D, K)
  gpu.run(kernel, { x, positions, coarse, fine, y }, { direction: 1, accumulate: 0 })
  tape.record([x], [y], [], () => {
    const dx = tape.destination(x)
    if (!dx) return
    const { grad, accumulate } = dx
    gpu.run(kernel, { x: tape.gradient(y), positions, coarse, fine, y: grad }, { direction: -1, accumulate })
  })
  return y
}
