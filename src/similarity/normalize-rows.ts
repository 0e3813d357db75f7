import fold from '#shaders/lib/fold.wgsl?raw'
import code from '#shaders/normalize-rows.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

/**
 * What a row is: one that has a direction; zero (no magnitude reaches 2⁻¹⁰⁰); or one with infinity or NaN.
 */
export const RowFlag = { unit: 0, zero: 1, notFinite: 2 } as const

const WORKGROUP_SIZE = 64

export const normalizeRowsKernel = defineKernel({
  name: 'normalize-rows',
  code: [fold, code],
  params: { N: 'u32', E: 'u32', P: 'u32' },
  bindings: { x: read('f32', 'N E'), y: write('f32', 'N P'), flags: write('u32', 'N') },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ N }) => [Math.ceil(N / WORKGROUP_SIZE)],
})

/** Values a normalized row of `dimensions` takes: a multiple of four, so that shaders read four at a time. */
export const paddedWidth = (dimensions: number): number => Math.ceil(dimensions / 4) * 4

/**
 * Scales rows to unit length: x [N, E] → y [N, paddedWidth(E)], zero beyond E, and flags [N] (`RowFlag`).
 * Rows without a direction become zero.
 */
export function normalizeRows(gpu: Gpu, x: Tensor, y: Tensor, flags: Tensor): void {
  gpu.run(normalizeRowsKernel, { x, y, flags }, {})
}
