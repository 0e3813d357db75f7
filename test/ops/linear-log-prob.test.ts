import { describe, expect } from 'vitest'
import { linearLogProb, linearLogProbs } from '../../src/ops/linear-log-prob'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { withProfile } from '../product-profile'
import * as reference from '../reference/linear-log-prob'

const targetsFor = (R: number, V: number) => Uint32Array.from({ length: R }, (_, r) => (r * 7919 + V - 1) % V)

describe('linear-log-prob', () => {
  // One row and four entries; more entries than parts and a ragged last part; more rows than a workgroup.
  test.for([
    { R: 1, C: 4, V: 4, scale: 1 },
    { R: 5, C: 36, V: 123, scale: 1 },
    { R: 37, C: 64, V: 1001, scale: 1 },
    { R: 6, C: 32, V: 260, scale: 20 },
  ])('matches the reference, forward and backward, at %o', async ({ R, C, V, scale }, { gpu }) => {
    const [h, w, g] = [noise(R * C, 1, scale), noise(V * C, 2), noise(R, 3)]
    const targets = targetsFor(R, V)
    using tape = new Tape(gpu)
    using th = gpu.tensor([R, C], h)
    using tw = gpu.tensor([V, C], w)
    using target = gpu.tensor([R], targets)
    using tg = gpu.tensor([R], g)
    using dh = gpu.tensor([R, C], new Float32Array(R * C).fill(1))
    using dw = gpu.tensor([V, C], new Float32Array(V * C).fill(1))
    tape.parameter(th, dh)
    tape.parameter(tw, dw)
    const { logProb, tokens } = linearLogProbs(tape, th, tw, target)
    const [forward, told] = [gpu.read(logProb), gpu.read(tokens)]
    tape.backward(logProb, tg)
    // A logit is a sum of C products of size `scale`; its rounding passes into everything else.
    const bound = { atol: 3e-6 * scale, rtol: 1e-5 }
    expectClose(await forward, reference.linearLogProb(h, w, targets, C), bound)
    expectClose(await told, reference.tokenStatistics(h, w, targets, C), bound)
    const want = reference.linearLogProbBackward(h, w, targets, g, C)
    expectClose(
      await gpu.read(dh),
      want.dh.map(x => x + 1),
      bound,
    )
    expectClose(
      await gpu.read(dw),
      want.dw.map(x => x + 1),
      { atol: 1e-5 * scale, rtol: 1e-5 },
    )
  })

  test('takes the gradient of so many rows a slice of the vocabulary at a time', async ({ gpu }) => {
    // 16 MiB of logit gradients are 1024 entries of 4096 rows: the last slice has 70. Few rows count, the first and last.
    const [R, C, V] = [4096, 4, 1094]
    const counted = [0, 1, 4095]
    const [h, w] = [noise(R * C, 1), noise(V * C, 2)]
    const targets = targetsFor(R, V)
    targets.set([1050, 1023], 0)
    const g = new Float32Array(R)
    for (const r of counted) g[r] = r === 1 ? -2 : 1
    using tape = new Tape(gpu)
    using th = gpu.tensor([R, C], h)
    using tw = gpu.tensor([V, C], w)
    using target = gpu.tensor([R], targets)
    using tg = gpu.tensor([R], g)
    using dh = gpu.zeros([R, C])
    using dw = gpu.zeros([V, C])
    tape.parameter(th, dh)
    tape.parameter(tw, dw)
    tape.backward(linearLogProb(tape, th, tw, target), tg)
    const of = <T>(all: ArrayLike<T>) =>
      counted.flatMap(r => Array.from({ length: C }, (_, c) => all[r * C + c]!))
    const pick = (all: ArrayLike<number>) => Float32Array.from(counted, r => all[r]!)
    const few = Uint32Array.from(counted, r => targets[r]!)
    const want = reference.linearLogProbBackward(Float32Array.from(of(h)), w, few, pick(g), C)
    const bound = { atol: 3e-6, rtol: 1e-5 }
    expectClose(of(await gpu.read(dh)), want.dh, bound)
    expectClose(await gpu.read(dw), want.dw, bound)
  })

  test('stays exact for logits far beyond the range of exp', async ({ gpu }) => {
    const h = Float32Array.of(1000, 0, 0, 0)
    const w = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0)
    using tape = new Tape(gpu, { grad: false })
    using th = gpu.tensor([1, 4], h)
    using tw = gpu.tensor([4, 4], w)
    for (const [target, want] of [
      [0, -Math.LN2],
      [2, -2000 - Math.LN2],
      [3, -1000 - Math.LN2],
    ] as const) {
      using t = gpu.tensor([1], Uint32Array.of(target))
      expectClose(await gpu.read(linearLogProb(tape, th, tw, t)), [want], { atol: 1e-6, rtol: 1e-6 })
    }
  })

  test('gives the same bits twice', async ({ gpu }) => {
    using tape = new Tape(gpu, { grad: false })
    using h = gpu.tensor([33, 32], noise(33 * 32, 1))
    using w = gpu.tensor([512, 32], noise(512 * 32, 2))
    using target = gpu.tensor([33], targetsFor(33, 512))
    const [a, b] = await Promise.all([
      gpu.read(linearLogProb(tape, h, w, target)),
      gpu.read(linearLogProb(tape, h, w, target)),
    ])
    expect(a).toEqual(b)
  })

  test('gives a row the same bits among few rows and among so many that a card takes larger tiles', async ({
    gpu,
  }) => {
    const [C, V] = [4, 8192]
    using tape = new Tape(gpu, { grad: false })
    using w = gpu.tensor([V, C], noise(V * C, 2))
    const values = async (R: number) => {
      using h = gpu.tensor([R, C], noise(128 * C, 1).subarray(0, R * C))
      using target = gpu.tensor(
        [R],
        Uint32Array.from({ length: R }, (_, r) => 60 * r),
      )
      const { logProb, tokens } = linearLogProbs(tape, h, w, target)
      return [(await gpu.read(logProb)).slice(0, 4), (await gpu.read(tokens)).slice(0, 16)]
    }
    await withProfile(gpu, 'medium', async () => {
      const few = await values(16)
      expect(await values(128)).toEqual(few)
      expect(await values(4)).toEqual([few[0]!.slice(0, 4), few[1]])
      expect(await values(1)).toEqual([few[0]!.slice(0, 1), few[1]!.slice(0, 4)])
    })
  })

  test('has a reference whose backward pass is the derivative of its forward pass', () => {
    const [h, w, g] = [noise(8, 1), noise(20, 2), noise(2, 3)]
    const targets = [1, 4]
    const { dh, dw } = reference.linearLogProbBackward(h, w, targets, g, 4)
    expectGradient(x => reference.linearLogProb(x, w, targets, 4), Float64Array.from(h), g, dh)
    expectGradient(x => reference.linearLogProb(h, x, targets, 4), Float64Array.from(w), g, dw)
  })
})
