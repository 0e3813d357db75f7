import { describe, expect } from 'vitest'
import { adamw8bit, BLOCK } from '../../src/ops/adamw-8bit'
import { test } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'
import * as reference from '../reference/adamw-8bit'

const o = { lr: 0.01, decay: 0.1, b1: 0.9, b2: 0.999, eps: 1e-8 }
const fixed = { a1: 1 - o.b1, a2: 1 - o.b2, eps: o.eps, decay: o.decay }
const scalarsOf = (step: number) => Float32Array.of(o.lr, 1 - o.b1 ** step, 1 - o.b2 ** step, step)

/** Gradients of very different sizes, some of them 0: 1e-8 to 1. */
const gradients = (N: number, seed: number) =>
  noise(N, seed).map((value, i) => (i % 7 === 3 ? 0 : value * 10 ** -(i % 9)))

/** Bytes of words, the first in the lowest bits. */
const codes = (words: Uint32Array, N: number) => new Uint8Array(words.buffer, 0, N)

describe('adamw-8bit', () => {
  test.for([1, 123, 257, 20_001])(
    'matches the reference from what the last step kept, at N=%i',
    async (N, { gpu }) => {
      const blocks = Math.ceil(N / BLOCK)
      const start = noise(N, 1)
      using p = gpu.tensor([N], start)
      using m = gpu.zeros([blocks, 64], 'u32')
      using v = gpu.zeros([blocks, 64], 'u32')
      using peaks = gpu.zeros([blocks, 2])
      let values = start
      let kept: reference.State8bit = {
        m: new Uint8Array(N),
        v: new Uint8Array(N),
        peaks: new Float64Array(2 * blocks),
      }
      for (let step = 1; step <= 3; step++) {
        const g = gradients(N, 10 + step)
        const clip = step === 2 ? 0.25 : 1
        const want = Float64Array.from(values)
        const next = reference.adamw8bit(want, g, kept, { ...o, step, clip })
        using grads = gpu.tensor([N], g)
        using norm = gpu.tensor([2], Float32Array.of(1, clip))
        using scalars = gpu.tensor([4], scalarsOf(step))
        gpu.run(adamw8bit, { p, grads, m, v, peaks, norm, scalars }, fixed)
        values = await gpu.read(p)
        kept = {
          m: codes(await gpu.readU32(m), N),
          v: codes(await gpu.readU32(v), N),
          peaks: Float64Array.from(await gpu.read(peaks)),
        }
        // A step of a few roundings, of values up to 1.
        expectClose(values, want, { atol: 3e-7, rtol: 3e-7 })
        expectClose(kept.peaks, next.peaks, { atol: 0, rtol: 1e-6 })
        // A share that rounding brings over a cell's edge gets the next code: 1e-6 of a cell's width of 1 to 10 %.
        const apart = (got: Uint8Array, expected: Uint8Array) =>
          got.map((code, i) => Math.abs(code - expected[i]!))
        for (const steps of [apart(kept.m, next.m), apart(kept.v, next.v)]) {
          expect(steps.every(step => step <= 1)).toBe(true)
          expect(steps.filter(step => step > 0).length).toBeLessThanOrEqual(Math.floor(N / 5_000))
        }
      }
    },
  )

  test('never forgets that a value had a gradient', async ({ gpu }) => {
    // One gradient is 1e9 times the others; then none come, while the first moments are still being worked off.
    const N = 64
    const start = noise(N, 1)
    using p = gpu.tensor([N], start)
    using m = gpu.zeros([1, 64], 'u32')
    using v = gpu.zeros([1, 64], 'u32')
    using peaks = gpu.zeros([1, 2])
    using norm = gpu.tensor([2], Float32Array.of(1, 1))
    for (let step = 1; step <= 20; step++) {
      const g = new Float32Array(N)
      if (step === 1) g.fill(1e-9)
      if (step <= 3) g[9] = 1
      using grads = gpu.tensor([N], g)
      using scalars = gpu.tensor([4], scalarsOf(step))
      gpu.run(adamw8bit, { p, grads, m, v, peaks, norm, scalars }, { ...fixed, decay: 0 })
    }
    const moved = (await gpu.read(p)).map((value, i) => Math.abs(value - start[i]!))
    // Adam's steps are at most about lr · (1 − b1)/√(1 − b2) each.
    expect(Math.max(...moved)).toBeLessThan(20 * o.lr * (0.1 / Math.sqrt(0.001)))
    expect(codes(await gpu.readU32(v), N).every(code => code > 0)).toBe(true)
  })

  test('changes nothing when the gradients are not finite', async ({ gpu }) => {
    const [start, words] = [noise(7, 1), Uint32Array.from({ length: 64 }, (_, i) => i * 12_345_678)]
    using p = gpu.tensor([7], start)
    using grads = gpu.tensor([7], noise(7, 2))
    using m = gpu.tensor([1, 64], words)
    using v = gpu.tensor([1, 64], words)
    using peaks = gpu.tensor([1, 2], Float32Array.of(0.5, 0.25))
    using norm = gpu.tensor([2], Float32Array.of(1, 0))
    using scalars = gpu.tensor([4], scalarsOf(1))
    gpu.run(adamw8bit, { p, grads, m, v, peaks, norm, scalars }, fixed)
    expectSame(await gpu.read(p), start)
    expectSame(await gpu.readU32(m), words)
    expectSame(await gpu.readU32(v), words)
    expectSame(await gpu.read(peaks), [0.5, 0.25])
  })
})
