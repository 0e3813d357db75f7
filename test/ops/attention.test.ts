import { describe, expect, it } from 'vitest'
import { attention, packRanges } from '../../src/ops/attention'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { noise } from '../numbers'
import { expectOp } from '../on-tape'
import * as reference from '../reference/attention'

// The smallest and the largest kernel, and few others: a software adapter takes seconds to compile one.
const cases = [
  { lengths: [1], H: 1, G: 1, D: 8 },
  { lengths: [5, 1, 33, 7], H: 4, G: 2, D: 8 },
  { lengths: [70], H: 3, G: 1, D: 16 },
  { lengths: [5, 33], H: 2, G: 2, D: 24, scale: 0.3 },
  { lengths: [3, 1, 34], H: 2, G: 1, D: 8, causal: false },
  { lengths: [5, 33], H: 2, G: 1, D: 40 },
  { lengths: [9], H: 2, G: 1, D: 256 },
]

describe('attention', () => {
  test.for(cases)('matches the reference, forward and backward, at %o', async (sizes, { gpu }) => {
    const { lengths, H, G, D, scale, causal } = sizes
    const T = lengths.reduce<number>((a, b) => a + b, 0)
    // Scores up to about ±9, so that some rows are nearly one-hot.
    const [q, dout] = [noise(T * H * D, 1, 3), noise(T * H * D, 4)]
    const [k, v] = [noise(T * G * D, 2, 3), noise(T * G * D, 3)]
    using ranges = gpu.tensor([T, 4], packRanges(lengths, causal === undefined ? {} : { causal }))
    const { dq, dk, dv } = reference.attentionBackward(q, k, v, dout, sizes)
    await expectOp(
      gpu,
      {
        q: { shape: [T, H, D], data: q },
        k: { shape: [T, G, D], data: k },
        v: { shape: [T, G, D], data: v },
      },
      dout,
      (tape, t) => attention(tape, t.q, t.k, t.v, ranges, scale === undefined ? {} : { scale }),
      { y: reference.attention(q, k, v, sizes), grads: { q: dq, k: dk, v: dv } },
      // exp of a score of size 9 turns its rounding of 1e-6 into a relative error of as much; keys sum over queries.
      { atol: 1e-5, rtol: 1e-5 },
    )
  })

  it.each([{ causal: true }, { causal: false, scale: 0.7 }, { causal: true, window: 2 }])(
    'has a reference whose backward pass is the derivative of its forward pass: %o',
    options => {
      const sizes = { lengths: [2, 4], H: 2, G: 1, D: 4, ...options }
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
    },
  )

  it('packs ranges, causal or not, and fills up with positions that see themselves', () => {
    expect([...packRanges([2, 1], { total: 4 })]).toEqual([0, 0, 0, 1, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])
    expect([...packRanges([2, 1], { causal: false })]).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 2, 2, 2, 2])
  })

  test('names a head size it has no kernel for', ({ gpu }) => {
    using tape = new Tape(gpu)
    using x = gpu.tensor([1, 1, 12])
    using ranges = gpu.tensor([1, 4], packRanges([1]))
    expect(() => attention(tape, x, x, x, ranges)).toThrow(
      'attention: head size 12, expected a multiple of 8 from 8 to 256',
    )
  })
})
