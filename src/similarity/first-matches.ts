import code from '#shaders/first-matches.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import remainingCode from '#shaders/remaining-rows.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

const WORKGROUP_SIZE = 64

export const firstMatchesKernel = defineKernel({
  name: 'first-matches',
  code: [fold, code],
  params: { B: 'u32', W: 'u32', S: 'u32', base: 'u32' },
  bindings: {
    rows: read('u32', 'B'),
    mask: read('u32', 'B W 2'),
    found: write('u32', 'B S'),
    gone: write('u32', 'B'),
  },
  overrides: { WORKGROUP_SIZE },
  workgroups: ({ B }) => [Math.ceil(B / WORKGROUP_SIZE)],
})

export const remainingRowsKernel = defineKernel({
  name: 'remaining-rows',
  code: [remainingCode],
  params: { B: 'u32' },
  bindings: { gone: read('u32', 'B'), rows: write('u32', 'B') },
  overrides: { WORKGROUP_SIZE },
  workgroups: () => [1],
})

/** In place of a row's number: there is none. */
export const NONE = 0xffffffff

/**
 * Takes what `similarityMask` found among the bank's rows from `base` on: adds to found [B, S], which has for
 * each row how many may match and the first S − 1 of them, and sets gone [B] to 1 for rows that surely match
 * one. To be called for the bank's parts in order; rows that are gone must not be in `rows` any more.
 */
export function firstMatches(
  gpu: Gpu,
  rows: Tensor,
  mask: Tensor,
  found: Tensor,
  gone: Tensor,
  base: number,
): void {
  gpu.run(firstMatchesKernel, { rows, mask, found, gone }, { base })
}

/** rows [B] ← the places where gone [B] is 0, in order, then `NONE`. */
export function remainingRows(gpu: Gpu, gone: Tensor, rows: Tensor): void {
  gpu.run(remainingRowsKernel, { gone, rows }, {})
}
