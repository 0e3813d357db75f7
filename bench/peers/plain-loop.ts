import type { Rows } from '../selection-rows'
import { rankOrder, type SelectionPeer, type SelectionSettings } from './selection-peer'

type Dot = (x: Float32Array, y: Float32Array) => number

function simpleDot(x: Float32Array, y: Float32Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

/** Four sums, because each addition to one sum waits for the one before. */
function unrolledDot(x: Float32Array, y: Float32Array): number {
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

/** Norms are computed once for each row, and a row is done with at its first blocker. */
function greedy(rows: Rows, { budget, threshold }: SelectionSettings, dot: Dot): number[] {
  const { values, dimensions } = rows
  const kept: number[] = []
  const bank: Float32Array[] = []
  const norms: number[] = []
  for (const i of rankOrder(rows)) {
    if (kept.length === budget) break
    const x = values.subarray(i * dimensions, (i + 1) * dimensions)
    const norm = Math.sqrt(dot(x, x))
    const bound = threshold * norm
    let k = 0
    while (k < bank.length && dot(x, bank[k]!) <= bound * norms[k]!) k++
    if (k < bank.length) continue
    kept.push(i)
    bank.push(x)
    norms.push(norm)
  }
  return kept
}

const peer = (name: string, how: string, dot: Dot): SelectionPeer => ({
  name,
  version: `V8 ${process.versions.v8}`,
  adapter: null,
  how: `${how}; norms beforehand; stops at the first blocker`,
  select: (rows, settings) => greedy(rows, settings, dot),
  close() {},
})

/** The double loop, in JavaScript's own arithmetic: double precision. */
export const plainLoop = () => peer('plain double loop', 'one sum', simpleDot)
export const unrolledLoop = () => peer('plain double loop, unrolled', 'four sums', unrolledDot)
