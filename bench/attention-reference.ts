import type { Arrays } from './harness/contender'
import type { Expect } from './harness/reference'

type Expectations = Readonly<Record<string, Expect>>

/**
 * Causal attention of q [T, H, D] over k and v [T, G, D] in double precision, and where there is a `dy`, the gradients.
 * Rows of probabilities are computed when they are asked for, and kept.
 */
export function attentionExpected(T: number, H: number, G: number, D: number, inputs: Arrays): Expectations {
  const [q, k, v, dy] = ['q', 'k', 'v', 'dy'].map(name => inputs[name]?.data as Float32Array)
  const scale = 1 / Math.sqrt(D)
  const query = (t: number, h: number) => (t * H + h) * D
  const key = (s: number, h: number) => (s * G + Math.floor((h * G) / H)) * D

  function dot(x: Float32Array, i: number, y: Float32Array, j: number): number {
    let sum = 0
    for (let d = 0; d < D; d++) sum += x[i + d]! * y[j + d]!
    return sum
  }

  const rows = new Map<number, Float64Array>()
  /** What a query gives to each key up to itself. */
  function probabilities(t: number, h: number): Float64Array {
    const known = rows.get(t * H + h)
    if (known) return known
    const row = Float64Array.from({ length: t + 1 }, (_, s) => scale * dot(q!, query(t, h), k!, key(s, h)))
    const most = row.reduce((a, b) => Math.max(a, b))
    let total = 0
    for (let s = 0; s <= t; s++) {
      row[s] = Math.exp(row[s]! - most)
      total += row[s]!
    }
    for (let s = 0; s <= t; s++) row[s]! /= total
    rows.set(t * H + h, row)
    return row
  }

  const slopes = new Map<number, Float64Array>()
  /** ∂loss/∂ of a query's scores before they are scaled. */
  function scoreSlopes(t: number, h: number): Float64Array {
    const known = slopes.get(t * H + h)
    if (known) return known
    const p = probabilities(t, h)
    const slope = p.map((_, s) => dot(dy!, query(t, h), v!, key(s, h)))
    const mean = slope.reduce((sum, value, s) => sum + value * p[s]!, 0)
    for (let s = 0; s <= t; s++) slope[s] = p[s]! * (slope[s]! - mean) * scale
    slopes.set(t * H + h, slope)
    return slope
  }

  const y: Expect = ([t = 0, h = 0, d = 0]) => {
    const p = probabilities(t, h)
    return { value: p.reduce((sum, value, s) => sum + value * v![key(s, h) + d]!, 0), allowed: 2e-5 }
  }
  if (!dy) return { y }
  const dq: Expect = ([t = 0, h = 0, d = 0]) => {
    const slope = scoreSlopes(t, h)
    return { value: slope.reduce((sum, value, s) => sum + value * k![key(s, h) + d]!, 0), allowed: 5e-5 }
  }
  /** Over the queries that see a key, of all heads of its group. */
  const overQueries = (s: number, g: number, term: (t: number, h: number) => number) => {
    let sum = 0
    for (let h = (g * H) / G; h < ((g + 1) * H) / G; h++) for (let t = s; t < T; t++) sum += term(t, h)
    return { value: sum, allowed: 1e-4 }
  }
  return {
    y,
    dq,
    dk: ([s = 0, g = 0, d = 0]) => overQueries(s, g, (t, h) => scoreSlopes(t, h)[s]! * q![query(t, h) + d]!),
    dv: ([s = 0, g = 0, d = 0]) =>
      overQueries(s, g, (t, h) => probabilities(t, h)[s]! * dy[query(t, h) + d]!),
  }
}
