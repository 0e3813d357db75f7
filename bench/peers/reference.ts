import type { Rows } from '../selection-rows'
import { rankOrder, type SelectionSettings } from './selection-peer'

export interface Reference {
  /** Positions of the kept rows, best first. */
  readonly kept: readonly number[]
  /** Rows that were decided until the budget was reached. */
  readonly visited: number
  /** Cosines that were computed. */
  readonly pairs: number
  /** How close to the threshold one of them came. */
  readonly closest: number
}

/**
 * What every contender must select, by a double loop in double precision. If no cosine comes within 1e-4 of the
 * threshold, f32 arithmetic decides each of these pairs alike; pairs behind a row's first blocker decide nothing.
 */
export function reference(rows: Rows, { budget, threshold }: SelectionSettings): Reference {
  const { values, dimensions } = rows
  const kept: number[] = []
  const bank: Float64Array[] = []
  let visited = 0
  let pairs = 0
  let closest = Infinity
  for (const i of rankOrder(rows)) {
    if (kept.length === budget) break
    visited++
    const x = unit(values.subarray(i * dimensions, (i + 1) * dimensions))
    let blocked = false
    for (let k = 0; k < bank.length && !blocked; k++) {
      const cosine = dot(x, bank[k]!)
      const distance = Math.abs(cosine - threshold)
      if (distance < closest) closest = distance
      pairs++
      blocked = cosine > threshold
    }
    if (blocked) continue
    kept.push(i)
    bank.push(x)
  }
  return { kept, visited, pairs, closest }
}

function unit(x: Float32Array): Float64Array {
  let square = 0
  for (const value of x) square += value * value
  const length = Math.sqrt(square)
  return Float64Array.from(x, value => value / length)
}

/** In four sums, for speed. */
function dot(x: Float64Array, y: Float64Array): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const whole = x.length - (x.length % 4)
  for (let i = 0; i < whole; i += 4) {
    a += x[i]! * y[i]!
    b += x[i + 1]! * y[i + 1]!
    c += x[i + 2]! * y[i + 2]!
    d += x[i + 3]! * y[i + 3]!
  }
  for (let i = whole; i < x.length; i++) a += x[i]! * y[i]!
  return a + b + (c + d)
}
