import { describe, expect, it } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { attention, packRanges } from '../../src/ops/attention'
import { attentionWithPrefix } from '../../src/ops/join-attention'
import { Tape } from '../../src/ops/tape'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import * as reference from '../reference/attention'

const concatenate = (...parts: Float32Array[]) => Float32Array.from(parts.flatMap(part => [...part]))

describe('join-attention', () => {
  test.for([
    { P: 1, lengths: [1], H: 1, G: 1, D: 8 },
    { P: 33, lengths: [5, 1, 34, 7], H: 4, G: 2, D: 8 },
    { P: 7, lengths: [70], H: 3, G: 1, D: 16, scale: 0.1 },
  ])('matches the reference, each sequence after the same prefix, at %o', async (sizes, { gpu }) => {
    const { P, lengths, H, G, D, scale } = sizes
    const T = lengths.reduce<number>((a, b) => a + b, 0)
    const q = noise(T * H * D, 1, 3)
    const [k, v, pk, pv] = [
      noise(T * G * D, 2, 3),
      noise(T * G * D, 3),
      noise(P * G * D, 4, 3),
      noise(P * G * D, 5),
    ]
    const want: number[] = []
    let begin = 0
    for (const length of lengths) {
      const rows = (x: Float32Array, heads: number) =>
        x.subarray(begin * heads * D, (begin + length) * heads * D)
      const whole = reference.attention(
        concatenate(new Float32Array(P * H * D), rows(q, H)),
        concatenate(pk, rows(k, G)),
        concatenate(pv, rows(v, G)),
        { ...sizes, lengths: [P + length] },
      )
      want.push(...whole.subarray(P * H * D))
      begin += length
    }
    using tq = gpu.tensor([T, H, D], q)
    using tk = gpu.tensor([T, G, D], k)
    using tv = gpu.tensor([T, G, D], v)
    using tpk = gpu.tensor([P, G, D], pk)
    using tpv = gpu.tensor([P, G, D], pv)
    using ranges = gpu.tensor([T, 4], packRanges(lengths))
    using tape = new Tape(gpu, { grad: false })
    const prefix = { k: tpk, v: tpv }
    const o = attentionWithPrefix(tape, tq, prefix, tk, tv, ranges, scale === undefined ? {} : { scale })
    // exp of a score of size 9 turns its rounding of 1e-6 into a relative error of as much.
    expectClose(await gpu.read(o), want, { atol: 3e-6, rtol: 1e-5 })
  })

  test('equals attention over all keys at once, even if one part has all the weight', async ({ gpu }) => {
    const [P, T, H, G, D] = [20, 40, 2, 1, 8]
    for (const size of [1, 30]) {
      const q = noise(T * H * D, 1, size)
      const [k, v] = [noise((P + T) * G * D, 2, size), noise((P + T) * G * D, 3)]
      using tq = gpu.tensor([T, H, D], q)
      using tk = gpu.tensor([P + T, G, D], k)
      using tv = gpu.tensor([P + T, G, D], v)
      using ownK = gpu.tensor([T, G, D], k.subarray(P * G * D))
      using ownV = gpu.tensor([T, G, D], v.subarray(P * G * D))
      using prefixK = gpu.tensor([P, G, D], k.subarray(0, P * G * D))
      using prefixV = gpu.tensor([P, G, D], v.subarray(0, P * G * D))
      const rows = Array.from({ length: T }, (_, t) => [0, P + t, 0, 0])
      using all = gpu.tensor([T, 4], Uint32Array.from(rows.flat()))
      using own = gpu.tensor([T, 4], packRanges([T]))
      using tape = new Tape(gpu, { grad: false })
      const want = await gpu.read(attention(tape, tq, tk, tv, all))
      const prefix = { k: prefixK, v: prefixV }
      const got = await gpu.read(attentionWithPrefix(tape, tq, prefix, ownK, ownV, own))
      // Scores up to 800 at the larger size: their log sum exp is rounded to 3e-5.
      expectClose(got, want, size === 1 ? { atol: 5e-7, rtol: 1e-6 } : { atol: 1e-4, rtol: 0 })
    }
  })

  it('frees what it needs on the way', () => {
    const gpu = dryGpu()
    const x = gpu.empty([3, 1, 8])
    const ranges = gpu.empty([3, 4], 'u32')
    using tape = new Tape(gpu, { grad: false })
    const attend = () => tape.free(attentionWithPrefix(tape, x, { k: x, v: x }, x, x, ranges))
    attend()
    const { buffers } = gpu.counters
    attend()
    expect(gpu.counters.buffers).toBe(buffers)
  })

  test('says what it cannot do', ({ gpu }) => {
    using x = gpu.zeros([2, 3, 8])
    using one = gpu.zeros([2, 1, 8])
    using none = gpu.zeros([0, 3, 8])
    using ranges = gpu.tensor([2, 4], packRanges([2]))
    using grad = gpu.zeros([2, 3, 8])
    using tape = new Tape(gpu)
    expect(() => attentionWithPrefix(tape, x, { k: one, v: one }, x, x, ranges)).toThrow(
      'attentionWithPrefix: 3 heads, 3 key-value heads and 1 in the prefix',
    )
    expect(() => attentionWithPrefix(tape, x, { k: none, v: none }, x, x, ranges)).toThrow(
      'attentionWithPrefix: a prefix of no token. Use attention',
    )
    tape.parameter(x, grad)
    expect(() => attentionWithPrefix(tape, x, { k: x, v: x }, x, x, ranges)).toThrow(
      'attentionWithPrefix: no gradient is computed through a prefix',
    )
  })
})
