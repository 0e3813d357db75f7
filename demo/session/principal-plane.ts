import type { Gpu, Pool } from '../../src/index'

/** Rows that the plane is fitted to, spread evenly over the pool. */
const SAMPLE = 2048
/** Rows that are laid out at a time. */
const CHUNK = 4096
const ITERATIONS = 30

type Vector = Float64Array<ArrayBuffer>

export interface Positions {
  readonly x: Float32Array<ArrayBuffer>
  readonly y: Float32Array<ArrayBuffer>
}

/**
 * Lays the pool's vectors, at unit length, out on their first two principal axes, scaled into the unit square. The
 * axes are found by orthogonal iteration over a sample; the same pool gives the same plane.
 *
 * @throws the signal's reason once it is aborted
 */
export async function principalPlane(
  gpu: Gpu,
  { items, vectors }: Pool,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<Positions> {
  const E = vectors!.dimensions
  const take = async (begin: number, end: number, stride = 1) => {
    const rows = []
    for (let n = begin; n < end; n += stride) rows.push(items[n]!)
    using taken = await vectors!.take(rows, { signal })
    return unitRows(await gpu.read(taken), E)
  }
  const stride = Math.max(1, Math.ceil(items.length / SAMPLE))
  const { mean, axes } = principalAxes(await take(0, items.length, stride), E)
  const x = new Float32Array(items.length)
  const y = new Float32Array(items.length)
  for (let begin = 0; begin < items.length; begin += CHUNK) {
    signal.throwIfAborted()
    const end = Math.min(begin + CHUNK, items.length)
    const rows = await take(begin, end)
    for (let n = begin; n < end; n++) {
      const at = (n - begin) * E
      for (let k = 0; k < E; k++) {
        const value = rows[at + k]! - mean[k]!
        x[n]! += value * axes[0]![k]!
        y[n]! += value * axes[1]![k]!
      }
    }
    onProgress(end / items.length)
  }
  return fitted({ x, y })
}

/** Rows [N, E], brought to unit length in place; those without a direction become zero. */
function unitRows(rows: Float32Array, E: number): Float32Array {
  for (let at = 0; at < rows.length; at += E) {
    let square = 0
    for (let k = 0; k < E; k++) square += rows[at + k]! ** 2
    const scale = square > 0 && Number.isFinite(square) ? 1 / Math.sqrt(square) : 0
    for (let k = 0; k < E; k++) rows[at + k] = scale === 0 ? 0 : rows[at + k]! * scale
  }
  return rows
}

/** Mean and the two axes of greatest variance of rows [N, E]. */
function principalAxes(rows: Float32Array, E: number): { mean: Float64Array; axes: Vector[] } {
  const N = rows.length / E
  const mean = new Float64Array(E)
  for (const [at, value] of rows.entries()) mean[at % E]! += value / N
  // Any start that is not orthogonal to the axes will do; this one is the same each time.
  let axes = [0, 1].map(axis => Float64Array.from(mean, (_, k) => Math.sin(1 + k * (axis + 1.7))))
  for (let turn = 0; turn < ITERATIONS; turn++) {
    const next = axes.map(() => new Float64Array(E))
    for (let at = 0; at < rows.length; at += E) {
      const dots = [0, 0]
      for (let k = 0; k < E; k++) {
        const value = rows[at + k]! - mean[k]!
        dots[0]! += value * axes[0]![k]!
        dots[1]! += value * axes[1]![k]!
      }
      for (let k = 0; k < E; k++) {
        const value = rows[at + k]! - mean[k]!
        next[0]![k]! += dots[0]! * value
        next[1]![k]! += dots[1]! * value
      }
    }
    axes = orthonormal(next)
  }
  for (const axis of axes) {
    // An axis has no direction of its own: its largest part points upwards.
    const largest = axis.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0)
    if (largest < 0) for (let k = 0; k < E; k++) axis[k] = -axis[k]!
  }
  return { mean, axes }
}

function orthonormal([a, b]: readonly Vector[]): Vector[] {
  const first = unit(a!)
  const along = dot(first, b!)
  return [first, unit(b!.map((value, k) => value - along * first[k]!))]
}

const dot = (a: Vector, b: Vector) => a.reduce((sum, value, k) => sum + value * b[k]!, 0)

/** At unit length; zeros stay, as in rows that are all the same. */
function unit(axis: Vector): Vector {
  const length = Math.sqrt(dot(axis, axis))
  return length > 0 ? axis.map(value => value / length) : axis
}

/** Moved and scaled into the unit square, each axis by itself. */
export function fitted({ x, y }: Positions): Positions {
  const span = (values: Float32Array) => {
    let [low, high] = [Infinity, -Infinity]
    for (const value of values) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
    return { middle: (low + high) / 2, length: high - low }
  }
  const [horizontal, vertical] = [span(x), span(y)]
  return {
    x: x.map(value => 0.5 + (value - horizontal.middle) / (horizontal.length || 1)),
    y: y.map(value => 0.5 + (value - vertical.middle) / (vertical.length || 1)),
  }
}
