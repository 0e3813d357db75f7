import type { Values } from './contender'
import type { RandomNumbers } from './random-numbers'

/** Numbers of mean 0 and variance `scale`². */
export function normals(random: RandomNumbers, shape: readonly number[], scale = 1): Values {
  const size = shape.reduce((a, b) => a * b, 1)
  return { shape, data: Float32Array.from({ length: size }, () => scale * random.normal()) }
}

/** Whole numbers below `end`. */
export function wholeNumbers(random: RandomNumbers, shape: readonly number[], end: number): Values {
  const size = shape.reduce((a, b) => a * b, 1)
  return { shape, data: Uint32Array.from({ length: size }, () => Math.floor(end * random.uniform())) }
}

export interface Expected {
  readonly value: number
  /** The largest error that is none. */
  readonly allowed: number
}

/** Entries of a result that are compared. */
const SAMPLES = 128

/**
 * The largest error of entries drawn at random, and of the first and last one, in units of what is allowed; infinite if an
 * entry is no number.
 *
 * @param expect what the entry at a place, an index for each axis, must be
 */
export function sampledError(
  { shape, data }: Values,
  random: RandomNumbers,
  expect: (place: readonly number[]) => Expected,
): number {
  const last = data.length - 1
  const places = [
    0,
    last,
    ...Array.from({ length: SAMPLES }, () => Math.floor(data.length * random.uniform())),
  ]
  let largest = 0
  for (const place of places) {
    const { value, allowed } = expect(indices(place, shape))
    const error = Math.abs(data[place]! - value) / allowed
    if (Number.isNaN(error)) return Number.POSITIVE_INFINITY
    largest = Math.max(largest, error)
  }
  return largest
}

function indices(place: number, shape: readonly number[]): number[] {
  const found = shape.map(() => 0)
  let rest = place
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    found[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return found
}
