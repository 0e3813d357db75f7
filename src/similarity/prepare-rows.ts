import fold from '#shaders/lib/fold.wgsl?raw'
import rowsF16 from '#shaders/lib/rows-f16.wgsl?raw'
import rowsF32 from '#shaders/lib/rows-f32.wgsl?raw'
import code from '#shaders/prepare-rows.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { type Metric, productBand } from './metric'

/**
 * What a row is: one that can be compared; zero (no magnitude reaches 2⁻¹⁰⁰), where only directions count; or
 * one with infinity or NaN, or, where not only directions count, with a magnitude from 2⁴⁸ on.
 */
export const RowFlag = { usable: 0, zero: 1, notFinite: 2 } as const

/** How the GPU holds values: as they are, or as pairs of fp16 values in a u32. */
export type Storage = 'f32' | 'f16'

/** Quads of values between two bounds: after each segment a comparison may be given up. */
export const SEGMENT = 8
const WORKGROUP_SIZE = 64

const define = (name: string, storage: Storage, UNIT: boolean) =>
  defineKernel({
    name,
    code: [fold, storage === 'f16' ? rowsF16 : rowsF32, code],
    params: { N: 'u32', E: 'u32', V: 'u32', quads: 'u32', pad: 'f32' },
    bindings: {
      x: read('f32', 'N E'),
      y: write(storage === 'f16' ? 'vec2u' : 'vec4u', 'N V'),
      flags: write('u32', 'N'),
    },
    overrides: { WORKGROUP_SIZE, UNIT: Number(UNIT), SEGMENT },
    workgroups: ({ N }) => [Math.ceil(N / WORKGROUP_SIZE)],
  })

export const prepareRowsKernels = {
  unit: define('prepare-rows-unit', 'f16', true),
  f32: define('prepare-rows-f32', 'f32', false),
  f16: define('prepare-rows-f16', 'f16', false),
}

/** How rows of vectors lie on the GPU. */
export interface RowLayout {
  /** Values of a vector, E. */
  readonly dimensions: number
  readonly metric: Metric
  /** Of cosines always f16: the bounds hold what that loses. */
  readonly storage: Storage
  /** Groups of four values, the last filled up with zeros. */
  readonly quads: number
  /** Values with those zeros. */
  readonly width: number
  /** 32-bit words of a row: its values and its bounds. */
  readonly words: number
}

/** `storage` 'f16' asks for values that fp16 holds exactly, unless only their directions count. */
export function rowLayout(dimensions: number, metric: Metric, storage: Storage): RowLayout {
  const quads = Math.ceil(dimensions / 4)
  const halves = metric.directional || storage === 'f16'
  const quadWords = halves ? 2 : 4
  const bounds = Math.ceil(Math.ceil(quads / SEGMENT) / quadWords)
  return {
    dimensions,
    metric,
    storage: halves ? 'f16' : 'f32',
    quads,
    width: quads * 4,
    words: (quads + bounds) * quadWords,
  }
}

/**
 * Makes rows that can be compared: x [N, E] → y [N, words], and flags [N] (`RowFlag`). Rows that cannot be
 * become zero.
 */
export function prepareRows(gpu: Gpu, layout: RowLayout, x: Tensor, y: Tensor, flags: Tensor): void {
  const kernel = prepareRowsKernels[layout.metric.directional ? 'unit' : layout.storage]
  gpu.run(kernel, { x, y, flags }, { quads: layout.quads, pad: productBand(layout.width) })
}
