import { describe, expect } from 'vitest'
import { attention, packRanges } from '../../src/ops/attention'
import { Tape } from '../../src/ops/tape'
import { windowRanges } from '../../src/ops/window-ranges'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp } from '../on-tape'
import * as reference from '../reference/attention'

// As in attention.test.ts: rounding of scores up to 9, in sums over queries.
const bound = { atol: 1e-5, rtol: 1e-5 }

describe('window-ranges', () => {
  // Windows of one token, as long as a sequence, and longer than all; padding beyond the sequences.
  test.for([
    { lengths: [1], window: 1 },
    { lengths: [5, 1, 34, 7], window: 1 },
    { lengths: [5, 1, 34, 7], window: 5 },
    { lengths: [70], window: 33 },
    { lengths: [3, 66], window: 2 ** 32 - 1 },
  ])(
    'attends like the reference with a window, forward and backward, at %o',
    async ({ lengths, window }, { gpu }) => {
      const sizes = { lengths, H: 2, G: 1, D: 8, window }
      const { H, G, D } = sizes
      const T = lengths.reduce<number>((a, b) => a + b, 0)
      const [q, dout] = [noise(T * H * D, 1, 3), noise(T * H * D, 4)]
      const [k, v] = [noise(T * G * D, 2, 3), noise(T * G * D, 3)]
      using causal = gpu.tensor([T, 4], packRanges(lengths))
      const { dq, dk, dv } = reference.attentionBackward(q, k, v, dout, sizes)
      await expectOp(
        gpu,
        {
          q: { shape: [T, H, D], data: q },
          k: { shape: [T, G, D], data: k },
          v: { shape: [T, G, D], data: v },
        },
        dout,
        (tape, t) => attention(tape, t.q, t.k, t.v, windowRanges(tape, causal, window)),
        { y: reference.attention(q, k, v, sizes), grads: { q: dq, k: dk, v: dv } },
        bound,
      )
    },
  )

  test('attends from the last tokens to slots of a cache', async ({ gpu }) => {
    const [H, G, D, S, T, window] = [2, 1, 8, 47, 9, 5]
    const sizes = { lengths: [S], H, G, D, window }
    const [q, k, v] = [noise(S * H * D, 1, 3), noise(S * G * D, 2, 3), noise(S * G * D, 3)]
    const want = reference.attention(q, k, v, sizes).subarray((S - T) * H * D)
    // A cache has more slots than are filled.
    const slots = (x: Float32Array) => Float32Array.from({ length: x.length + G * D }, (_, i) => x[i] ?? 100)
    using tq = gpu.tensor([T, H, D], q.subarray((S - T) * H * D))
    using tk = gpu.tensor([S + 1, G, D], slots(k))
    using tv = gpu.tensor([S + 1, G, D], slots(v))
    const rows = Array.from({ length: T }, (_, i) => [0, S - T + i, 0, 0])
    using ranges = gpu.tensor([T, 4], Uint32Array.from(rows.flat()))
    using tape = new Tape(gpu, { grad: false })
    const o = attention(tape, tq, tk, tv, windowRanges(tape, ranges, window))
    expectClose(await gpu.read(o), want, bound)
  })

  test('narrows ranges and leaves padding alone', async ({ gpu }) => {
    using causal = gpu.tensor([5, 4], packRanges([4], { total: 5 }))
    using tape = new Tape(gpu)
    const got = await gpu.readU32(windowRanges(tape, causal, 3))
    expect([...got]).toEqual([0, 0, 0, 2, 0, 1, 1, 3, 0, 2, 2, 3, 1, 3, 3, 3, 4, 4, 4, 4])
  })

  test('names a window that is none', ({ gpu }) => {
    using causal = gpu.tensor([1, 4], packRanges([1]))
    using tape = new Tape(gpu)
    expect(() => windowRanges(tape, causal, 0)).toThrow('windowRanges: a window of 0 tokens')
  })
})
