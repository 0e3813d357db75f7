import { describe, expect } from 'vitest'
import { attention, packRanges } from '../../src/ops/attention'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/attention'

const cases = [
  { lengths: [1], H: 1, G: 1, D: 8 },
  { lengths: [5, 1, 33, 7], H: 4, G: 2, D: 8 },
  { lengths: [70], H: 3, G: 1, D: 16 },
] as const

describe('attention', () => {
  test.for(cases)('matches the reference, forward and backward, at %o', async (sizes, { gpu }) => {
    const { lengths, H, G, D } = sizes
    const T = lengths.reduce<number>((a, b) => a + b, 0)
    // Scores up to about ±9, so that some rows are nearly one-hot.
    const [q, dout] = [noise(T * H * D, 1, 3), noise(T * H * D, 4)]
    const [k, v] = [noise(T * G * D, 2, 3), noise(T * G * D, 3)]
    using tape = new Tape(gpu)
    using tq = gpu.tensor([T, H, D], q)
    using tk = gpu.tensor([T, G, D], k)
    using tv = gpu.tensor([T, G, D], v)
    using ranges = gpu.tensor([T, 4], packRanges(lengths))
    using tdout = gpu.tensor([T, H, D], dout)
    // Gradients start at one, to see that they are added to.
    using dq = gpu.tensor([T, H, D], new Float32Array(T * H * D).fill(1))
    using dk = gpu.tensor([T, G, D], new Float32Array(T * G * D).fill(1))
    using dv = gpu.tensor([T, G, D], new Float32Array(T * G * D).fill(1))
    tape.parameter(tq, dq)
    tape.parameter(tk, dk)
    tape.parameter(tv, dv)
    const o = attention(tape, tq, tk, tv, ranges)
    const forward = gpu.read(o)
    tape.backward(o, tdout)
    // exp of a score of size 9 turns its rounding of 1e-6 into a relative error of as much.
    const bound = { atol: 3e-6, rtol: 1e-5 }
    expectClose(await forward, reference.attention(q, k, v, sizes), bound)
    const want = reference.attentionBackward(q, k, v, dout, sizes)
    expectClose(
      await gpu.read(dq),
      want.dq.map(x => x + 1),
      bound,
    )
    expectClose(
      await gpu.read(dk),
      want.dk.map(x => x + 1),
      { atol: 1e-5, rtol: 1e-5 },
    )
    expectClose(
      await gpu.read(dv),
      want.dv.map(x => x + 1),
      { atol: 1e-5, rtol: 1e-5 },
    )
  })

  test('has a reference whose backward pass is the derivative of its forward pass', () => {
    const sizes = { lengths: [2, 4], H: 2, G: 1, D: 4 }
    const [q, k, v] = [noise(48, 1), noise(24, 2), noise(24, 3)].map(x => Float64Array.from(x)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    const dout = Float64Array.from(noise(48, 4))
    const { dq, dk, dv } = reference.attentionBackward(q, k, v, dout, sizes)
    expectGradient(x => reference.attention(x, k, v, sizes), q, dout, dq)
    expectGradient(x => reference.attention(q, x, v, sizes), k, dout, dk)
    expectGradient(x => reference.attention(q, k, x, sizes), v, dout, dv)
  })

  test('names a head size it has no kernel for', ({ gpu }) => {
    using tape = new Tape(gpu)
    using x = gpu.tensor([1, 1, 12])
    using ranges = gpu.tensor([1, 4], packRanges([1]))
    expect(() => attention(tape, x, x, x, ranges)).toThrow('attention: head size 12, expected one of 8, 16')
  })
})
