import { describe, expect } from 'vitest'
import type { Tensor } from '../../src/gpu/tensor'
import { linear } from '../../src/ops/linear'
import { lora } from '../../src/ops/lora'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp } from '../on-tape'
import { withProfile } from '../product-profile'
import { columnSums } from '../reference/bias'
import { dropoutMask } from '../reference/dropout'
import * as reference from '../reference/lora'

const inputs = ({ N, I, O, R }: { N: number; I: number; O: number; R: number }) => ({
  x: { shape: [N, I], data: noise(N * I, 1) },
  w: { shape: [O, I], data: noise(O * I, 2) },
  a: { shape: [R, I], data: noise(R * I, 3) },
  b: { shape: [O, R], data: noise(O * R, 4) },
})

describe('lora', () => {
  // One of each; ranks that are not multiples of four; sizes past a workgroup, with the usual rank; rank above size.
  test.for([
    { N: 1, I: 1, O: 1, R: 1, scale: 2 },
    { N: 7, I: 12, O: 9, R: 3, scale: 0.5 },
    { N: 67, I: 36, O: 123, R: 16, scale: 2 },
    { N: 5, I: 4, O: 4, R: 8, scale: 1.5 },
  ])('matches the reference, forward and backward, at %o', async ({ scale, ...sizes }, { gpu }) => {
    const { O } = sizes
    const bias = noise(O, 6)
    const given = { ...inputs(sizes), bias: { shape: [O], data: bias } }
    const dy = noise(sizes.N * O, 5)
    const [x, w, a, b] = [given.x.data, given.w.data, given.a.data, given.b.data]
    await expectOp(
      gpu,
      given,
      dy,
      (tape, t) => lora(tape, t.x, t.w, { a: t.a, b: t.b, scale, stream: 0 }, { bias: t.bias }),
      {
        y: reference.lora(x, w, a, b, scale, sizes).map((v, i) => v + bias[i % O]!),
        grads: { ...reference.loraBackward(x, w, a, b, scale, dy, sizes), bias: columnSums(dy, O) },
      },
      // Sums of up to 123 products below 1, some of them of sums of as many: rounding of 2⁻²⁴ a term.
      { atol: 2e-5, rtol: 1e-5 },
    )
  })

  test.for([
    { N: 37, I: 36, O: 44, R: 8, scale: 2, offset: 1 },
    { N: 12, I: 8, O: 68, R: 4, scale: 0.5, offset: 0 },
  ])('is one product of more steps on a card, at %o', async ({ scale, offset, ...sizes }, { gpu }) => {
    const { N, O } = sizes
    const given = inputs(sizes)
    const [bias, dy] = [noise(O, 6, offset), noise(N * O, 5)]
    const [x, w, a, b] = [given.x.data, given.w.data, given.a.data, given.b.data]
    using added = gpu.tensor([O], bias)
    await withProfile(gpu, 'small', () =>
      expectOp(
        gpu,
        given,
        dy,
        (tape, t) => lora(tape, t.x, t.w, { ...t, scale, stream: 0 }, { bias: offset > 0 ? added : null }),
        {
          y: reference.lora(x, w, a, b, scale, sizes).map((v, i) => v + bias[i % O]!),
          grads: reference.loraBackward(x, w, a, b, scale, dy, sizes),
        },
        { atol: 2e-5, rtol: 1e-5 },
      ),
    )
  })

  test('refuses a weight of another width on a card too', async ({ gpu }) => {
    using tape = new Tape(gpu, { grad: false })
    const [x, w, a, b] = [
      [4, 8],
      [8, 12],
      [4, 8],
      [8, 4],
    ].map(shape => gpu.tensor(shape)) as Tensor[]
    await withProfile(gpu, 'small', () =>
      expect(() => lora(tape, x!, w!, { a: a!, b: b!, scale: 1, stream: 0 })).toThrow(/rows of 8 values/),
    )
    for (const tensor of [x, w, a, b]) tensor![Symbol.dispose]()
  })

  test.for([
    { N: 7, I: 13, O: 9, R: 3, scale: 0.5, rate: 0.5 },
    { N: 33, I: 68, O: 21, R: 4, scale: 0.25, rate: 0.1 },
  ])('drops inputs of the low-rank branch alone, at %o', async ({ scale, rate, ...sizes }, { gpu }) => {
    const { N, I, O } = sizes
    const given = inputs(sizes)
    const dy = noise(N * O, 5)
    const [x, w, a, b] = [given.x.data, given.w.data, given.a.data, given.b.data]
    const mask = dropoutMask(N * I, rate, 9, 4)
    const seen = x.map((v, i) => v * mask[i]!)
    const none = new Float32Array(w.length)
    const zero = new Float32Array(b.length)
    const [whole, low] = [
      reference.loraBackward(x, w, a, zero, scale, dy, sizes),
      reference.loraBackward(seen, none, a, b, scale, dy, sizes),
    ]
    const change = reference.lora(seen, none, a, b, scale, sizes)
    using seed = gpu.tensor([1], Uint32Array.of(9))
    await expectOp(
      gpu,
      given,
      dy,
      (tape, t) => lora(tape, t.x, t.w, { ...t, scale, stream: 4 }, { dropout: { rate, seed } }),
      {
        y: reference.lora(x, w, a, zero, scale, sizes).map((v, i) => v + change[i]!),
        grads: { x: whole.x.map((v, i) => v + low.x[i]! * mask[i]!), w: whole.w, a: low.a, b: low.b },
      },
      { atol: 2e-5, rtol: 1e-5 },
    )
  })

  test('trains the factors alone where the rest is frozen', async ({ gpu }) => {
    const sizes = { N: 3, I: 8, O: 4, R: 2 }
    const given = inputs(sizes)
    const dy = noise(12, 5)
    using x = gpu.tensor([3, 8], given.x.data)
    using w = gpu.tensor([4, 8], given.w.data)
    using a = gpu.tensor([2, 8], given.a.data)
    using b = gpu.tensor([4, 2], given.b.data)
    using da = gpu.zeros([2, 8])
    using db = gpu.zeros([4, 2])
    using seed = gpu.tensor([3, 4], dy)
    const tape = new Tape(gpu)
    tape.parameter(a, da)
    tape.parameter(b, db)
    const y = lora(tape, x, w, { a, b, scale: 0.5, stream: 0 })
    expect([x, w].map(t => tape.tracks(t))).toEqual([false, false])
    tape.backward(y, seed)
    const { a: wantA, b: wantB } = reference.loraBackward(
      given.x.data,
      given.w.data,
      given.a.data,
      given.b.data,
      0.5,
      dy,
      sizes,
    )
    expectClose(await gpu.read(da), wantA, { atol: 1e-5, rtol: 1e-5 })
    expectClose(await gpu.read(db), wantB, { atol: 1e-5, rtol: 1e-5 })
  })

  test('changes nothing at all while B is zero', async ({ gpu }) => {
    const sizes = { N: 9, I: 20, O: 11, R: 4 }
    const { x, w, a } = inputs(sizes)
    using tape = new Tape(gpu, { grad: false })
    using tx = gpu.tensor(x.shape, x.data)
    using tw = gpu.tensor(w.shape, w.data)
    using ta = gpu.tensor(a.shape, a.data)
    using zero = gpu.zeros([11, 4])
    const changed = await gpu.read(lora(tape, tx, tw, { a: ta, b: zero, scale: 2, stream: 0 }))
    expect(changed).toEqual(await gpu.read(linear(tape, tx, tw)))
  })

  test('has a reference whose backward pass is the derivative of its forward pass', () => {
    const sizes = { N: 3, I: 5, O: 4, R: 2 }
    const given = inputs(sizes)
    const [x, w, a, b] = [given.x, given.w, given.a, given.b].map(({ data }) => Float64Array.from(data))
    const dy = noise(12, 5)
    const grads = reference.loraBackward(x!, w!, a!, b!, 0.75, dy, sizes)
    expectGradient(at => reference.lora(at, w!, a!, b!, 0.75, sizes), x!, dy, grads.x)
    expectGradient(at => reference.lora(x!, at, a!, b!, 0.75, sizes), w!, dy, grads.w)
    expectGradient(at => reference.lora(x!, w!, at, b!, 0.75, sizes), a!, dy, grads.a)
    expectGradient(at => reference.lora(x!, w!, a!, at, 0.75, sizes), b!, dy, grads.b)
  })
})
