import fours from '#shaders/lib/fours.wgsl?raw'
import ones from '#shaders/lib/ones.wgsl?raw'
import type { Gpu } from '../gpu/gpu'

/** How a kernel sees its rows. */
export interface RowValue {
  /** The module of shaders/lib that says so: `Value`, `WIDTH` and `total`. */
  readonly code: string
  readonly element: 'vec4f' | 'f32'
  /** Numbers of a Value. */
  readonly width: number
}

/** A kernel over rows of a multiple of four numbers, and the same for any others. */
export interface ByWidth<K> {
  readonly name: string
  readonly fours: K
  readonly ones: K
}

/** Call it at module level. */
export function byWidth<K extends { readonly name: string }>(define: (value: RowValue) => K): ByWidth<K> {
  const kernel = define({ code: fours, element: 'vec4f', width: 4 })
  return { name: kernel.name, fours: kernel, ones: define({ code: ones, element: 'f32', width: 1 }) }
}

/** The kernel for rows of so many numbers. */
export const ofWidth = <K>(kernels: ByWidth<K>, ...columns: readonly number[]): K =>
  columns.every(C => C % 4 === 0) ? kernels.fours : kernels.ones

/** Invocations of a row, and rows of a workgroup, where a kernel sums up rows. */
export interface RowShape {
  readonly LANES: number
  readonly ROWS: number
}

/** A processor does a workgroup's invocations in turn and a barrier is dear; a GPU waits for memory with many of them. */
const SHAPES = { software: { LANES: 2, ROWS: 8 }, hardware: { LANES: 32, ROWS: 4 } } as const

/** A kernel that sums up rows, in the shapes for software adapters and for GPUs. */
export interface ByRows<K> {
  readonly name: string
  readonly software: ByWidth<K>
  readonly hardware: ByWidth<K>
}

/** Call it at module level. */
export function byRows<K extends { readonly name: string }>(
  define: (value: RowValue, shape: RowShape) => K,
): ByRows<K> {
  const software = byWidth(value => define(value, SHAPES.software))
  return { name: software.name, software, hardware: byWidth(value => define(value, SHAPES.hardware)) }
}

/** The kernel for rows of C numbers on this device. */
export const ofRows = <K>(kernels: ByRows<K>, { software }: Pick<Gpu, 'software'>, C: number): K =>
  ofWidth(software ? kernels.software : kernels.hardware, C)
