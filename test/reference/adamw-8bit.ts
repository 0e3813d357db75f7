import { counterHash } from '../../src/losses/draw'

/** What each code stands for, and the least number of its cell, ascending: by the scale's definition. */
export function dynamicScale(top: number): { values: readonly number[]; edges: readonly number[] } {
  const [values, edges] = [[0], [0]]
  for (let bits = 1; bits <= top; bits++) {
    const cells = 2 ** bits
    const decade = 10 ** (bits - top)
    for (let cell = 0; cell < cells; cell++) {
      values.push((0.1 + (0.9 * (cell + 0.5)) / cells) * decade)
      edges.push((0.1 + (0.9 * cell) / cells) * decade)
    }
  }
  return { values: [...values, 1], edges: [...edges, 1] }
}

const MEANS = dynamicScale(6)
const ROOTS = dynamicScale(7)

/** Index of the last of ascending values that is not above x. */
const below = (values: readonly number[], x: number) => values.findLastIndex(value => value <= x)

/** What AdamW keeps in 8 bits, as the codes of [N] values and [N / 256] pairs of largest numbers. */
export interface State8bit {
  readonly m: Uint8Array
  readonly v: Uint8Array
  readonly peaks: Float64Array
}

const BLOCK = 256

/** The running means that codes stand for. */
export function decode({ m, v, peaks }: State8bit): { m: Float64Array; root: Float64Array } {
  const peak = (i: number, which: 0 | 1) => peaks[2 * Math.floor(i / BLOCK) + which]!
  return {
    m: Float64Array.from(m, (code, i) => (code >= 128 ? -1 : 1) * MEANS.values[code & 127]! * peak(i, 0)),
    root: Float64Array.from(v, (code, i) => ROOTS.values[code]! * peak(i, 1)),
  }
}

/** The codes of running means and of the second one's roots. */
export function encode(m: Float64Array, root: Float64Array, step: number): State8bit {
  const blocks = Math.ceil(m.length / BLOCK)
  const peaks = new Float64Array(2 * blocks)
  m.forEach((value, i) => {
    const k = 2 * Math.floor(i / BLOCK)
    peaks[k] = Math.max(peaks[k]!, Math.abs(value))
    peaks[k + 1] = Math.max(peaks[k + 1]!, root[i]!)
  })
  const peak = (i: number, which: 0 | 1) => peaks[2 * Math.floor(i / BLOCK) + which]!
  return {
    m: Uint8Array.from(m, (value, i) =>
      value === 0 ? 0 : (value < 0 ? 128 : 0) | below(MEANS.edges, Math.abs(value) / peak(i, 0)),
    ),
    v: Uint8Array.from(root, (value, i) => {
      if (value === 0) return 0
      const share = value / peak(i, 1)
      const { values } = ROOTS
      const low = below(values, share)
      const u = (counterHash(step, i) >>> 8) / 2 ** 24
      const up = low < 255 && u * (values[low + 1]! - values[low]!) < share - values[low]!
      return Math.max(1, low + (up ? 1 : 0))
    }),
    peaks,
  }
}

/** One step in double precision from what is kept. Changes p. */
export function adamw8bit(
  p: Float64Array,
  g: ArrayLike<number>,
  state: State8bit,
  o: { lr: number; decay: number; b1: number; b2: number; eps: number; step: number; clip: number },
): State8bit {
  const { m, root } = decode(state)
  for (let i = 0; i < p.length; i++) {
    const grad = g[i]! * o.clip
    m[i] = o.b1 * m[i]! + (1 - o.b1) * grad
    root[i] = Math.sqrt(o.b2 * root[i]! ** 2 + (1 - o.b2) * grad ** 2)
    const update = m[i]! / (1 - o.b1 ** o.step) / (root[i]! / Math.sqrt(1 - o.b2 ** o.step) + o.eps)
    p[i]! -= o.lr * (o.decay * p[i]! + update)
  }
  return encode(m, root, o.step)
}
