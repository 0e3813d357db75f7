import type { Element } from '../gpu/kernel'

/** How the rows of a weight matrix lie in GPU memory. Kernels read them four values at a time, as f32. */
export interface WeightFormat {
  /** Says which it is, in messages and manifests: `int4-32`. */
  readonly name: string
  /** The module of shaders/lib that reads it: `Stored` and `weight4`. */
  readonly code: string
  /** How a shader sees what is stored. */
  readonly element: Element
  readonly overrides: Readonly<Record<string, number>>
  /** Bits of a value, with its part of the scales, in long rows. */
  readonly bits: number
  /** Whether rows of so many values can be stored. */
  fits(columns: number): boolean
  /** 4-byte words of a row. */
  words(columns: number): number
  /**
   * Rows of values as they are stored, row by row.
   *
   * @throws {WeightRangeError} for a value that the format has no number near
   */
  encode(values: Float32Array, columns: number): Float32Array | Uint32Array
}

/** A weight that its format cannot hold. */
export class WeightRangeError extends Error {
  override name = 'WeightRangeError'
}

/** @throws {WeightRangeError} naming the first value that is infinite or no number */
export function checkFinite(values: Float32Array, format: string): void {
  const at = values.findIndex(value => !Number.isFinite(value))
  if (at >= 0) throw new WeightRangeError(`${format} cannot hold ${values[at]}`)
}
