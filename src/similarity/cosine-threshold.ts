import stripsCode from '#shaders/cosine-threshold.wgsl?raw'
import blockCode from '#shaders/cosine-threshold-block.wgsl?raw'
import mergeCode from '#shaders/cosine-threshold-merge.wgsl?raw'
import tile from '#shaders/lib/cosine-tile.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

const LANES_B = 8
const LANES_T = 8
const LANES_W = 8
/** Bank rows that one invocation goes through: fewer make more invocations, and more to merge. */
const STRIP = 64
const WORKGROUP_SIZE = 64

export const cosineThresholdKernel = defineKernel({
  name: 'cosine-threshold',
  code: [tile, stripsCode],
  params: { B: 'u32', P: 'u32', T: 'u32', count: 'u32', lower: 'f32' },
  bindings: { x: read('vec4f', 'B P'), y: read('vec4f', 'K P'), found: write('u32', 'B T 3') },
  overrides: { LANES_B, LANES_T, STRIP },
  workgroups: ({ B, T }) => [Math.ceil(T / LANES_T), Math.ceil(B / (4 * LANES_B))],
})

export const cosineThresholdMergeKernel = defineKernel({
  name: 'cosine-threshold-merge',
  code: [fold, mergeCode],
  params: { B: 'u32', T: 'u32', base: 'u32' },
  bindings: { found: read('u32', 'B T 3'), matches: write('u32', 'B 3') },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ B }) => [Math.ceil(B / WORKGROUP_SIZE)],
})

export const cosineThresholdBlockKernel = defineKernel({
  name: 'cosine-threshold-block',
  code: [tile, blockCode],
  params: { B: 'u32', P: 'u32', W: 'u32', lower: 'f32' },
  bindings: { x: read('vec4f', 'B P'), y: read('vec4f', 'B P'), mask: write('u32', 'B W') },
  overrides: { LANES_B, LANES_W },
  workgroups: ({ B, W }) => [Math.ceil(W / LANES_W), Math.ceil(B / (4 * LANES_B))],
})

/** Part of a bank of unit rows: rows [K, P], of which the first `count` hold something. */
export interface Shard {
  readonly rows: Tensor
  readonly count: number
}

/** In place of a row's number in the results: there is none. */
export const NONE = 0xffffffff

/**
 * Compares unit rows x [B, P] with every row of a bank; the product [B, K] never exists.
 * matches [B, 3] u32 ← the first row of the bank more similar than `lower` (or `NONE`), the bits of the
 * largest similarity, and the first row that has it. Untouched if the bank is empty.
 */
export function cosineThreshold(
  gpu: Gpu,
  x: Tensor,
  bank: readonly Shard[],
  matches: Tensor,
  lower: number,
): void {
  let base = 0
  for (const { rows, count } of bank) {
    if (count === 0) continue
    using found = gpu.empty([x.shape[0]!, Math.ceil(count / STRIP), 3], 'u32')
    gpu.run(cosineThresholdKernel, { x, y: rows, found }, { count, lower })
    gpu.run(cosineThresholdMergeKernel, { found, matches }, { base })
    base += count
  }
}

/**
 * Compares unit rows x [B, P] with each other. mask [B, ceil(B / 32)] u32 ← bit j of row i is set if j < i
 * and the two are more similar than `lower`.
 */
export function cosineThresholdBlock(gpu: Gpu, x: Tensor, mask: Tensor, lower: number): void {
  gpu.run(cosineThresholdBlockKernel, { x, y: x, mask }, { lower })
}
