import { describe, expect } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { ShapeError } from '../../src/gpu/errors'
import { embedding, groupTokens } from '../../src/ops/embedding'
import { f16 } from '../../src/ops/format-f16'
import { f32 } from '../../src/ops/format-f32'
import { int4 } from '../../src/ops/format-int4'
import { int8 } from '../../src/ops/format-int8'
import { linear } from '../../src/ops/linear'
import { linearLogProb } from '../../src/ops/linear-log-prob'
import { lora } from '../../src/ops/lora'
import { emptyLike, Matrix } from '../../src/ops/matrix'
import { scoreHead } from '../../src/ops/score-head'
import { Tape } from '../../src/ops/tape'
import { test } from '../gpu'
import { matrixOf } from '../matrix'
import { expectClose, noise } from '../numbers'
import { onTape } from '../on-tape'
import * as logProbs from '../reference/linear-log-prob'
import { matmul } from '../reference/matmul'
import { scoreHead as scores } from '../reference/score-head'

const formats = [f32, f16, int8, int4({ group: 32 }), int4({ group: 64 })]
// One shard, and shards whose last is not full.
const cases = formats.flatMap(format => [
  { format, name: format.name, shards: 'one', shardRows: 1000 },
  { format, name: format.name, shards: 'three', shardRows: 64 },
])
const I = 64
/** Sums of I products of numbers below 1, in f32. */
const bound = { atol: I * 1e-7, rtol: 1e-5 }

describe.each(cases)('a matrix of $name in $shards', ({ format, shardRows }) => {
  // Multiples of four and not, one token and many.
  test.for([
    { N: 37, O: 132 },
    { N: 1, O: 130 },
  ])('is multiplied by, forward and backward, at %o', async ({ N, O }, { gpu }) => {
    const [x, b, dy] = [noise(N * I, 1), noise(O, 2), noise(N * O, 3)]
    const { matrix, stored } = matrixOf(gpu, noise(O * I, 4), [O, I], format, shardRows)
    using held = matrix
    using tape = new Tape(gpu)
    using tx = gpu.tensor([N, I], x)
    using tb = gpu.tensor([O], b)
    using tdy = gpu.tensor([N, O], dy)
    using dx = gpu.zeros([N, I])
    using db = gpu.zeros([O])
    tape.parameter(tx, dx)
    tape.parameter(tb, db)
    const dw = held.shards.map(({ values }) => ({ values, grad: gpu.zeros(values.shape) }))
    if (format === f32) for (const { values, grad } of dw) tape.parameter(values, grad)
    const y = linear(tape, tx, held, tb)
    const product = matmul('nt', x, stored, { M: N, N: O, K: I }).map((v, i) => v + b[i % O]!)
    expectClose(await gpu.read(y), product, bound)
    tape.backward(y, tdy)
    expectClose(await gpu.read(dx), matmul('nn', dy, stored, { M: N, N: I, K: O }), {
      atol: O * 1e-7,
      rtol: 1e-5,
    })
    const sums = Float64Array.from({ length: O }, (_, o) => {
      let sum = 0
      for (let n = 0; n < N; n++) sum += dy[n * O + o]!
      return sum
    })
    expectClose(await gpu.read(db), sums, { atol: N * 1e-7, rtol: 1e-5 })
    if (format === f32) {
      const parts = await Promise.all(dw.map(({ grad }) => gpu.read(grad)))
      const want = matmul('tn', dy, x, { M: O, N: I, K: N })
      expectClose(
        parts.flatMap(part => [...part]),
        want,
        { atol: N * 1e-7, rtol: 1e-5 },
      )
    }
    for (const { grad } of dw) grad[Symbol.dispose]()
  })

  test('is changed by an adapter, and its bias stays', async ({ gpu }) => {
    const [N, O, R] = [5, 136, 4]
    const [x, b, a, B] = [noise(N * I, 1), noise(O, 2), noise(R * I, 3), noise(O * R, 4)]
    const { matrix, stored } = matrixOf(gpu, noise(O * I, 5), [O, I], format, shardRows)
    using held = matrix
    using tape = new Tape(gpu, { grad: false })
    using tx = gpu.tensor([N, I], x)
    using tb = gpu.tensor([O], b)
    using ta = gpu.tensor([R, I], a)
    using tB = gpu.tensor([O, R], B)
    const y = await gpu.read(lora(tape, tx, held, { a: ta, b: tB, scale: 0.5, stream: 0 }, { bias: tb }))
    const low = matmul('nt', x, a, { M: N, N: R, K: I })
    const change = matmul('nt', low, B, { M: N, N: O, K: R })
    const want = matmul('nt', x, stored, { M: N, N: O, K: I }).map((v, i) => v + b[i % O]! + 0.5 * change[i]!)
    expectClose(y, want, { atol: 4 * bound.atol, rtol: bound.rtol })
  })

  test('gives rows by their ids, scaled, and zeros beyond the last', async ({ gpu }) => {
    const V = 150
    const ids = Uint32Array.of(0, 149, 63, 64, 127, 128, 64, 150, 5_000_000)
    const { matrix, stored } = matrixOf(gpu, noise(V * I, 1), [V, I], format, shardRows)
    using held = matrix
    using tape = new Tape(gpu, { grad: false })
    using tids = gpu.tensor([ids.length], ids)
    const got = await gpu.read(embedding(tape, tids, held, null, { scale: 3 }))
    const want = [...ids].flatMap(id => Array.from({ length: I }, (_, c) => 3 * (stored[id * I + c] ?? 0)))
    expectClose(got, want, { atol: 1e-12, rtol: 1e-6 })
  })

  test('has log-probs and their gradient', async ({ gpu }) => {
    const [R, V] = [7, 150]
    const targets = Uint32Array.of(0, 63, 64, 149, 127, 128, 5)
    const [h, g] = [noise(R * I, 1), noise(R, 2)]
    const { matrix, stored } = matrixOf(gpu, noise(V * I, 3), [V, I], format, shardRows)
    using held = matrix
    using tape = new Tape(gpu)
    using th = gpu.tensor([R, I], h)
    using tt = gpu.tensor([R], targets)
    using tg = gpu.tensor([R], g)
    using dh = gpu.zeros([R, I])
    tape.parameter(th, dh)
    const dw = held.shards.map(({ values }) => ({ values, grad: gpu.zeros(values.shape) }))
    if (format === f32) for (const { values, grad } of dw) tape.parameter(values, grad)
    const y = linearLogProb(tape, th, held, tt)
    expectClose(await gpu.read(y), logProbs.linearLogProb(h, stored, targets, I), { atol: 1e-5, rtol: 1e-5 })
    tape.backward(y, tg)
    const want = logProbs.linearLogProbBackward(h, stored, targets, g, I)
    expectClose(await gpu.read(dh), want.dh, { atol: 1e-5, rtol: 1e-4 })
    if (format === f32) {
      const parts = await Promise.all(dw.map(({ grad }) => gpu.read(grad)))
      expectClose(
        parts.flatMap(part => [...part]),
        want.dw,
        { atol: 1e-5, rtol: 1e-4 },
      )
    }
    for (const { grad } of dw) grad[Symbol.dispose]()
  })

  test('writes the gradient of what another op made, shard by shard', async ({ gpu }) => {
    const [N, V] = [7, 150]
    const targets = Uint32Array.of(0, 63, 64, 149, 127, 128, 5)
    const [data, dy, g] = [noise(N * I, 1), noise(N * V, 2), noise(N, 4)]
    const { matrix, stored } = matrixOf(gpu, noise(V * I, 3), [V, I], format, shardRows)
    using held = matrix
    using tt = gpu.tensor([N], targets)
    const inputs = { x: { shape: [N, I], data } }
    const options = { leaves: false }
    const product = await onTape(gpu, inputs, dy, (tape, { x }) => linear(tape, x, held), options)
    const dx = matmul('nn', dy, stored, { M: N, N: I, K: V })
    expectClose(product.grads.x!, dx, { atol: V * 1e-7, rtol: 1e-5 })
    const scored = await onTape(gpu, inputs, g, (tape, { x }) => linearLogProb(tape, x, held, tt), options)
    const { dh } = logProbs.linearLogProbBackward(data, stored, targets, g, I)
    expectClose(scored.grads.x!, dh, { atol: 1e-5, rtol: 1e-4 })
  })

  test('scores by a few of its rows', async ({ gpu }) => {
    const [N, V] = [5, 150]
    const ids = Uint32Array.of(3, 64, 149)
    const h = noise(N * I, 1)
    const { matrix, stored } = matrixOf(gpu, noise(V * I, 2), [V, I], format, shardRows)
    using held = matrix
    using tape = new Tape(gpu, { grad: false })
    using th = gpu.tensor([N, I], h)
    using tids = gpu.tensor([3], ids)
    expectClose(await gpu.read(scoreHead(tape, th, held, tids)), scores(h, stored, [...ids], I), {
      atol: 1e-5,
      rtol: 1e-5,
    })
  })
})

test('an embedding in shards is trained in each of them', async ({ gpu }) => {
  const [V, C] = [150, 12]
  const ids = Uint32Array.of(5, 149, 64, 5, 63, 64)
  const dy = noise(ids.length * C, 1)
  const { matrix } = matrixOf(gpu, noise(V * C, 2), [V, C], f32, 64)
  using held = matrix
  const { rows, starts, order } = groupTokens(ids)
  const groups = {
    rows: gpu.tensor([ids.length], rows),
    starts: gpu.tensor([ids.length + 1], starts),
    order: gpu.tensor([ids.length], order),
  }
  using tids = gpu.tensor([ids.length], ids)
  using tdy = gpu.tensor([ids.length, C], dy)
  using tape = new Tape(gpu)
  const grads = held.shards.map(({ values }) => {
    const grad = gpu.zeros(values.shape)
    tape.parameter(values, grad)
    return grad
  })
  tape.backward(embedding(tape, tids, held, groups, { scale: 2 }), tdy)
  const want = new Float64Array(V * C)
  ids.forEach((id, t) => {
    for (let c = 0; c < C; c++) want[id * C + c]! += 2 * dy[t * C + c]!
  })
  const got = await Promise.all(grads.map(grad => gpu.read(grad)))
  expectClose(
    got.flatMap(part => [...part]),
    want,
    { atol: 1e-6, rtol: 1e-6 },
  )
  for (const tensor of [...grads, ...Object.values(groups)]) tensor[Symbol.dispose]()
})

test('is split where a binding ends', () => {
  const gpu = dryGpu({ maxStorageBufferBindingSize: 64 * 4 * 100 })
  const { shards } = Matrix.empty(gpu, [500, 64], f32)
  expect(shards.map(({ first, rows }) => [first, rows])).toEqual([
    [0, 64],
    [64, 64],
    [128, 64],
    [192, 64],
    [256, 64],
    [320, 64],
    [384, 64],
    [448, 52],
  ])
  expect(Matrix.empty(gpu, [500, 64], int4()).shards.map(({ rows }) => rows)).toEqual([500])
  const like = emptyLike(dryGpu(), Matrix.empty(gpu, [500, 64], f16)) as Matrix
  expect([like.shape, like.bytes, like.shards.length]).toEqual([[500, 64], 500 * 64 * 2, 3])
})

test('refuses rows that its format does not have', () => {
  const gpu = dryGpu()
  expect(() => Matrix.empty(gpu, [8, 48], int4())).toThrow(
    new ShapeError('Matrix: int4-32 has no rows of 48 values'),
  )
  using tape = new Tape(gpu)
  const x = gpu.empty([3, 60])
  expect(() => linear(tape, x, Matrix.empty(gpu, [8, 64], f16))).toThrow(ShapeError)
})
