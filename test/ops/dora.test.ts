import { describe, expect } from 'vitest'
import { changedNorms, dora } from '../../src/ops/dora'
import { f16 } from '../../src/ops/format-f16'
import { f32 } from '../../src/ops/format-f32'
import { int4 } from '../../src/ops/format-int4'
import { int8 } from '../../src/ops/format-int8'
import { linear } from '../../src/ops/linear'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { matrixOf } from '../matrix'
import { noise } from '../numbers'
import { expectOp } from '../on-tape'
import { columnSums } from '../reference/bias'
import * as reference from '../reference/dora'
import { dropoutMask } from '../reference/dropout'

const inputs = ({ N, I, O, R }: { N: number; I: number; O: number; R: number }) => ({
  x: { shape: [N, I], data: noise(N * I, 1) },
  w: { shape: [O, I], data: noise(O * I, 2) },
  a: { shape: [R, I], data: noise(R * I, 3) },
  b: { shape: [O, R], data: noise(O * R, 4) },
  magnitude: { shape: [O], data: noise(O, 7).map(v => v + 1.5) },
})
const dataOf = (given: ReturnType<typeof inputs>) => ({
  x: given.x.data,
  w: given.w.data,
  a: given.a.data,
  b: given.b.data,
  magnitude: given.magnitude.data,
})

describe('dora', () => {
  // One of each; widths and ranks that are not multiples of four; sizes past a workgroup; rank above size.
  test.for([
    { N: 1, I: 1, O: 1, R: 1, scale: 2, rate: 0 },
    { N: 7, I: 13, O: 9, R: 3, scale: 0.5, rate: 0 },
    { N: 67, I: 36, O: 123, R: 16, scale: 0.25, rate: 0 },
    { N: 5, I: 132, O: 4, R: 8, scale: 1.5, rate: 0 },
    { N: 7, I: 13, O: 9, R: 3, scale: 0.5, rate: 0.5 },
    { N: 33, I: 68, O: 21, R: 4, scale: 0.25, rate: 0.1 },
  ])('matches the reference, forward and backward, at %o', async ({ scale, rate, ...sizes }, { gpu }) => {
    const { N, I, O } = sizes
    const bias = noise(O, 6)
    const given = { ...inputs(sizes), bias: { shape: [O], data: bias } }
    const dy = noise(N * O, 5)
    const mask = rate > 0 ? dropoutMask(N * I, rate, 9, 4) : null
    const values = { ...dataOf(given), scale, mask }
    using seed = gpu.tensor([1], Uint32Array.of(9))
    const dropout = rate > 0 ? { rate, seed } : null
    const grads = reference.doraBackward(values, dy, sizes)
    await expectOp(
      gpu,
      given,
      dy,
      (tape, { x, w, bias, ...t }) => dora(tape, x, w, { ...t, scale, stream: 4 }, { bias, dropout }),
      {
        y: reference.dora(values, sizes).map((v, i) => v + bias[i % O]!),
        grads: { ...grads, bias: columnSums(dy, O) },
      },
      // Sums of up to 132 products below 3, some of them of sums of as many: rounding of 2⁻²⁴ a term.
      { atol: 6e-5, rtol: 2e-5 },
    )
  })

  test.for(
    [f32, f16, int8, int4({ group: 32 }), int4({ group: 64 })].map(format => [format.name, format] as const),
  )('computes and passes gradients on with weights stored as %s', async ([, format], { gpu }) => {
    const sizes = { N: 5, I: 64, O: 70, R: 3 }
    const given = inputs(sizes)
    const { matrix, stored } = matrixOf(gpu, given.w.data, [70, 64], format, 64)
    using held = matrix
    const values = { ...dataOf(given), w: stored, scale: 0.5, mask: null }
    const dy = noise(5 * 70, 5)
    const want = reference.doraBackward(values, dy, sizes)
    const { w: _, ...rest } = given
    await expectOp(
      gpu,
      rest,
      dy,
      (tape, { x, ...t }) => dora(tape, x, held, { ...t, scale: 0.5, stream: 0 }),
      {
        y: reference.dora(values, sizes),
        grads: { x: want.x, a: want.a, b: want.b, magnitude: want.magnitude },
      },
      { atol: 3e-5, rtol: 2e-5 },
    )
  })

  test('changes nothing at all while B is zero and the magnitudes are the rows’ lengths', async ({ gpu }) => {
    const { x, w, a } = inputs({ N: 9, I: 20, O: 11, R: 4 })
    using tape = new Tape(gpu, { grad: false })
    using tx = gpu.tensor(x.shape, x.data)
    // A row of zeros has no length to be divided by.
    using tw = gpu.tensor(w.shape, w.data.fill(0, 20, 40))
    using bias = gpu.tensor([11], noise(11, 6))
    using ta = gpu.tensor(a.shape, a.data)
    using zero = gpu.zeros([11, 4])
    using magnitude = gpu.empty([11])
    const factors = { a: ta, b: zero, scale: 2, stream: 0 }
    changedNorms(gpu, tw, factors, magnitude)
    const changed = await gpu.read(dora(tape, tx, tw, { ...factors, magnitude }, { bias }))
    expect(changed).toEqual(await gpu.read(linear(tape, tx, tw, bias)))
  })

  test('gives a row of zeros no gradient that is none', async ({ gpu }) => {
    using x = gpu.tensor([2, 4], noise(8, 1))
    using w = gpu.zeros([3, 4])
    using a = gpu.tensor([1, 4], noise(4, 2))
    using b = gpu.zeros([3, 1])
    using magnitude = gpu.zeros([3])
    using dm = gpu.zeros([3])
    using dy = gpu.tensor([2, 3], noise(6, 3))
    const tape = new Tape(gpu)
    tape.parameter(magnitude, dm)
    tape.backward(dora(tape, x, w, { a, b, scale: 1, stream: 0, magnitude }), dy)
    expect(await gpu.read(dm)).toEqual(new Float32Array(3))
  })

  test('has a reference whose backward pass is the derivative of its forward pass, the norms held', () => {
    const sizes = { N: 3, I: 5, O: 4, R: 2 }
    const { x, w, a, b, magnitude } = dataOf(inputs(sizes))
    const at = Object.fromEntries(
      Object.entries({ x, w, a, b, magnitude }).map(([name, data]) => [name, Float64Array.from(data)]),
    ) as Record<'x' | 'w' | 'a' | 'b' | 'magnitude', Float64Array>
    const dy = noise(12, 5)
    for (const mask of [null, dropoutMask(15, 0.4, 1, 2)]) {
      const given = { ...at, scale: 0.75, mask }
      const norms = reference.changedNorms(given, sizes)
      const grads = reference.doraBackward(given, dy, sizes)
      for (const name of ['x', 'w', 'a', 'b', 'magnitude'] as const) {
        expectGradient(
          value => reference.dora({ ...given, [name]: value }, sizes, norms),
          at[name],
          dy,
          grads[name],
        )
      }
    }
  })
})
