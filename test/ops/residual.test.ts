import { describe, expect, it } from 'vitest'
import { add } from '../../src/ops/residual'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp, onTape } from '../on-tape'
import * as reference from '../reference/residual'

// A few sums, each rounded to 2⁻²⁴.
const bound = { atol: 5e-7, rtol: 5e-7 }

describe('residual', () => {
  it('has a reference whose gradients are those of its result', () => {
    const [a, b, dy] = [noise(6, 1), noise(6, 2), noise(6, 3)].map(v => Float64Array.from(v))
    expectGradient(at => reference.add(at, b!), a!, dy!, reference.addBackward(dy!).da)
    expectGradient(at => reference.add(a!, at), b!, dy!, reference.addBackward(dy!).db)
  })

  test.for([
    [1, 1],
    [1, 123],
    [5, 13],
    [33, 257],
  ] as const)('matches the reference at N=%i C=%i', async ([N, C], { gpu }) => {
    const [a, b, dy] = [noise(N * C, 1), noise(N * C, 2), noise(N * C, 3)]
    const { da, db } = reference.addBackward(dy)
    await expectOp(
      gpu,
      { a: { shape: [N, C], data: a }, b: { shape: [N, C], data: b } },
      dy,
      (tape, t) => add(tape, t.a, t.b),
      { y: reference.add(a, b), grads: { a: da, b: db } },
      bound,
    )
  })

  test('doubles the gradient of a tensor added to itself, also through a view', async ({ gpu }) => {
    const [a, dy] = [noise(65, 1), noise(65, 3)]
    const inputs = { a: { shape: [5, 13], data: a } }
    const doubled = dy.map(v => 2 * v)
    for (const leaves of [false, true]) {
      const plain = await onTape(gpu, inputs, dy, (tape, t) => add(tape, t.a, t.a), { leaves })
      const viewed = await onTape(gpu, inputs, dy, (tape, t) => add(tape, t.a, t.a.view([5, 13])), { leaves })
      expectClose(plain.grads.a!, leaves ? doubled.map(v => v + 0.5) : doubled, bound)
      expect(viewed.grads).toEqual(plain.grads)
    }
  })

  // dy reaches both inputs of the outer sum, and each is then added to again: shared memory would show.
  test('keeps the gradients of both inputs apart', async ({ gpu }) => {
    const [a, b, dy] = [noise(65, 1), noise(65, 2), noise(65, 3)]
    const shape = [5, 13]
    const inputs = { a: { shape, data: a }, b: { shape, data: b } }
    for (const leaves of [false, true]) {
      // y = (((a + b) + a) + b) + (a + a) = 4a + 2b
      const got = await onTape(
        gpu,
        inputs,
        dy,
        (tape, t) => add(tape, add(tape, add(tape, add(tape, t.a, t.b), t.a), t.b), add(tape, t.a, t.a)),
        { leaves },
      )
      const start = leaves ? 0.5 : 0
      expectClose(
        got.grads.a!,
        dy.map(v => 4 * v + start),
        { atol: 2e-6, rtol: 0 },
      )
      expectClose(
        got.grads.b!,
        dy.map(v => 2 * v + start),
        { atol: 2e-6, rtol: 0 },
      )
    }
  })

  // The gradient given to backward reaches `a` first and is then added to: the harness checks that it stays.
  test('does not add to the gradient that the caller gave', async ({ gpu }) => {
    const [a, b, dy] = [noise(65, 1), noise(65, 2), noise(65, 3)]
    const inputs = { a: { shape: [5, 13], data: a } }
    using fixed = gpu.tensor([5, 13], b)
    const got = await onTape(gpu, inputs, dy, (tape, t) => add(tape, t.a, add(tape, t.a, fixed)), {
      leaves: false,
    })
    expectClose(
      got.grads.a!,
      dy.map(v => 2 * v),
      bound,
    )
  })

  test('hands its gradient over without a copy, where one input wants it', ({ gpu }) => {
    using x = gpu.zeros([5, 13])
    using fixed = gpu.zeros([5, 13])
    using grad = gpu.zeros([5, 13])
    const tape = new Tape(gpu)
    tape.parameter(x, grad)
    const y = add(tape, add(tape, add(tape, x, fixed), fixed), fixed)
    const before = gpu.counters.dispatches
    using dy = gpu.zeros([5, 13])
    tape.backward(y, dy)
    // dy is the caller's and is copied; then it is handed on; and it is added to the parameter's gradient.
    expect(gpu.counters.dispatches - before).toBe(2)
  })

  // The last of 65 elements is alone in its four, and the memory that follows is another gradient's.
  test('writes no gradient beyond its end', async ({ gpu }) => {
    using grads = gpu.tensor([66, 1], new Float32Array(66).fill(1))
    using ta = gpu.tensor([65, 1], noise(65, 1))
    using tb = gpu.tensor([65, 1], noise(65, 2))
    using db = gpu.zeros([65, 1])
    using dy = gpu.tensor([65, 1], noise(65, 3))
    const tape = new Tape(gpu)
    tape.parameter(ta, grads.rows(0, 65))
    tape.parameter(tb, db)
    tape.backward(add(tape, ta, tb), dy)
    const got = await gpu.read(grads)
    expect(got[64]).not.toBe(1)
    expect(got[65]).toBe(1)
  })

  test('takes more elements than a dispatch has workgroups along an axis', async ({ gpu }) => {
    const [N, C] = [65_537, 256]
    const x = Float32Array.from({ length: N * C }, (_, i) => i)
    using tx = gpu.tensor([N, C], x)
    using tape = new Tape(gpu, { grad: false })
    const got = await gpu.read(add(tape, tx, tx))
    expect(got.findIndex((v, i) => v !== 2 * x[i]!)).toBe(-1)
  })
})
