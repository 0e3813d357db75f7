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

/** What the entry at a place, an index for each axis, must be. */
export type Expect = (place: readonly number[]) => Expected

/** As `expect`, but computes an entry once. */
export function remembered(expect: Expect): Expect {
  const known = new Map<string, Expected>()
  return place => {
    const key = place.join()
    const found = known.get(key) ?? expect(place)
    known.set(key, found)
    return found
  }
}

/**
 * The largest error of entries drawn at random, and of the first and last one, in units of what is allowed; infinite if an
 * entry is no number.
 */
export function sampledError(
  { shape, data }: Values,
  random: RandomNumbers,
  expect: Expect,
  samples = 128,
): number {
  const last = data.length - 1
  const drawn = Array.from({ length: samples }, () => Math.floor(data.length * random.uniform()))
  let largest = 0
  for (const place of [0, last, ...drawn]) {
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
