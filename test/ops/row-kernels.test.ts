import { describe, expect } from 'vitest'
import { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import { columnSums } from '../../src/ops/bias'
import { embedding, groupTokens } from '../../src/ops/embedding'
import { gather } from '../../src/ops/gather'
import { layerNorm } from '../../src/ops/layer-norm'
import { rmsNorm } from '../../src/ops/rms-norm'
import { scatterRows } from '../../src/ops/scatter-rows'
import { scoreHead } from '../../src/ops/score-head'
import { split } from '../../src/ops/split'
import { Tape } from '../../src/ops/tape'
import { unitRows } from '../../src/ops/unit-rows'
import { test as base } from '../gpu'
import { expectClose, expectSame, noise } from '../numbers'
import { expectOp } from '../on-tape'
import * as references from '../reference/bias'
import { embeddingBackward, embedding as embeddingReference } from '../reference/embedding'
import * as gathered from '../reference/gather'
import * as layerNormed from '../reference/layer-norm'
import * as rmsNormed from '../reference/rms-norm'
import { scoreHead as scoreReference } from '../reference/score-head'
import { unitRows as unitReference } from '../reference/unit-rows'

/** The same adapter, once with the shapes of software adapters and once with those of GPUs. */
const test = base.extend<{ shaped: readonly Gpu[] }>({
  shaped: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads a fixture's dependencies from this pattern
    async ({}, use) => {
      const made = await Promise.all(
        [true, false].map(async software => {
          const { device, adapter } = await openGpu({ limits: 'default' })
          return new Gpu(device, { ...adapter, software })
        }),
      )
      await use(made)
      for (const gpu of made) {
        await gpu.idle()
        gpu[Symbol.dispose]()
      }
    },
    { scope: 'file' },
  ],
})

const EPS = 1e-5

// Odd rows and rows of fours, fewer and more than a workgroup has, several turns of each loop.
const sizes = [
  [1, 4],
  [3, 1],
  [9, 128],
  [33, 132],
  [5, 123],
  [6, 2052],
  [300, 20],
] as const

describe('kernels over rows', () => {
  test.for(sizes)('normalize N=%i C=%i in both shapes', async ([N, C], { shaped }) => {
    const [x, w, b, dy] = [noise(N * C, 1, 3), noise(C, 2, 2), noise(C, 4), noise(N * C, 3)]
    const inputs = { x: { shape: [N, C], data: x }, w: { shape: [C], data: w } }
    // Sums of up to 2052 terms near 1, each rounded to 2⁻²⁴: 1e-4 at worst, and rounding averages out.
    const bound = { atol: 1e-5, rtol: 1e-5 }
    for (const gpu of shaped) {
      const rms = rmsNormed.rmsNormBackward(x, w, dy, EPS, 1)
      await expectOp(
        gpu,
        inputs,
        dy,
        (tape, t) => rmsNorm(tape, t.x, t.w, { offset: 1 }),
        { y: rmsNormed.rmsNorm(x, w, EPS, 1).y, grads: { x: rms.dx, w: rms.dw } },
        bound,
      )
      const layer = layerNormed.layerNormBackward(x, w, dy, EPS)
      await expectOp(
        gpu,
        { ...inputs, b: { shape: [C], data: b } },
        dy,
        (tape, t) => layerNorm(tape, t.x, t.w, t.b),
        { y: layerNormed.layerNorm(x, w, b, EPS), grads: { x: layer.dx, w: layer.dw, b: layer.db } },
        bound,
      )
      using tape = new Tape(gpu, { grad: false })
      using tx = gpu.tensor([N, C], x)
      expectClose(await gpu.read(unitRows(tape, tx)), unitReference(x, C), { atol: 1e-6, rtol: 1e-6 })
    }
  })

  test.for([1, 4, 5, 9])('score N=33 prompts by %i labels in both shapes', async (K, { shaped }) => {
    const ids = Array.from({ length: K }, (_, k) => (7 * k + 3) % 40)
    for (const C of [64, 123, 260]) {
      const [h, w] = [noise(33 * C, 1), noise(40 * C, 2)]
      for (const gpu of shaped) {
        using tape = new Tape(gpu, { grad: false })
        using th = gpu.tensor([33, C], h)
        using tw = gpu.tensor([40, C], w)
        using tids = gpu.tensor([K], Uint32Array.from(ids))
        const got = await gpu.read(scoreHead(tape, th, tw, tids))
        expectClose(got, scoreReference(h, w, ids, C), { atol: 2e-5, rtol: 1e-5 })
      }
    }
  })

  test('reach every row of more than 65535 workgroups', async ({ shaped: [gpu] }) => {
    const [N, C] = [65_536 * 8 + 3, 4]
    const x = noise(N * C, 1)
    const w = Float32Array.of(1, 2, 3, 4)
    using tape = new Tape(gpu!, { grad: false })
    using tx = gpu!.tensor([N, C], x)
    using tw = gpu!.tensor([C], w)
    const got = await gpu!.read(rmsNorm(tape, tx, tw))
    expectClose(got, rmsNormed.rmsNorm(x, w, EPS).y, { atol: 1e-5, rtol: 1e-5 })
  })

  test.for([
    [0, 8],
    [1, 4],
    [16, 12],
    [17, 12],
    [257, 68],
    [5000, 4],
    [1025, 3],
  ] as const)('sum columns of N=%i O=%i', async ([N, O], { gpu }) => {
    const values = noise(N * O, 2)
    using dy = gpu.tensor([N, O], values)
    using db = gpu.tensor([O], new Float32Array(O).fill(Number.NaN))
    const want = N === 0 ? new Float64Array(O) : references.columnSums(values, O)
    columnSums(gpu, dy, db)
    const written = await gpu.read(db)
    // Sums of up to 5000 numbers below 1, by way of sums of 71.
    expectClose(written, want, { atol: 1e-5, rtol: 1e-6 })
    columnSums(gpu, dy, db, { accumulate: true })
    expectClose(
      await gpu.read(db),
      want.map(v => 2 * v),
      { atol: 2e-5, rtol: 1e-6 },
    )
    columnSums(gpu, dy, db)
    expectSame(await gpu.read(db), written)
  })

  test.for([4, 6, 64])('take, put and split rows of %i', async (C, { gpu }) => {
    const [N, index] = [30, [7, 0xffffffff, 0, 29, 31, 12]]
    const [x, dy] = [noise(N * C, 1), noise(index.length * C, 2)]
    using at = gpu.tensor([index.length], Uint32Array.from(index))
    const want = gathered.gather(x, index, { N, C })
    const dx = gathered.gatherBackward(dy, index, { N, C })
    const input = { x: { shape: [N, C], data: x } }
    const bound = { atol: 1e-7, rtol: 0 }
    await expectOp(gpu, input, dy, (tape, t) => gather(tape, t.x, at), { y: want, grads: { x: dx } }, bound)
    using rows = gpu.tensor([index.length, C], dy)
    using put = gpu.zeros([N, C])
    scatterRows(gpu, rows, at, put)
    expectSame(await gpu.read(put), Float32Array.from(dx))
    using tape = new Tape(gpu)
    using tx = gpu.tensor([N / 3, 3 * C], x)
    using dtx = gpu.zeros([N / 3, 3 * C])
    tape.parameter(tx, dtx)
    const parts = split(tape, tx, 3)
    const values = await Promise.all(parts.map(part => gpu.read(part)))
    values.forEach((part, p) => {
      const columns = part.map((_, i) => x[Math.floor(i / C) * 3 * C + p * C + (i % C)]!)
      expectSame(part, columns)
    })
  })

  test.for([3, 8])(
    'sum the gradient of a token that is nearly all there is, in rows of %i',
    async (C, { gpu }) => {
      const [V, T] = [20, 1003]
      const ids = Uint32Array.from({ length: T }, (_, t) => (t % 50 === 0 ? t % 19 : 4))
      const [w, dy] = [noise(V * C, 1), noise(T * C, 2)]
      using tids = gpu.tensor([T], ids)
      const { rows, starts, order } = groupTokens(ids)
      using grouped = gpu.tensor([T], rows)
      using begins = gpu.tensor([T + 1], starts)
      using positions = gpu.tensor([T], order)
      await expectOp(
        gpu,
        { w: { shape: [V, C], data: w } },
        dy,
        (tape, t) => embedding(tape, tids, t.w, { rows: grouped, starts: begins, order: positions }),
        { y: embeddingReference(ids, w, C), grads: { w: embeddingBackward(ids, dy, { V, C }) } },
        // A sum of nearly a thousand numbers below 1, one after the other.
        { atol: 5e-5, rtol: 0 },
      )
    },
  )

  test('of no rows have gradients of zero', async ({ shaped }) => {
    for (const gpu of shaped) {
      using x = gpu.empty([0, 8])
      using dy = gpu.empty([0, 8])
      using dx = gpu.empty([0, 8])
      using w = gpu.tensor([8], noise(8, 1))
      using dw = gpu.tensor([8], noise(8, 2))
      using tape = new Tape(gpu)
      tape.parameter(x, dx)
      tape.parameter(w, dw)
      tape.backward(rmsNorm(tape, x, w), dy)
      expect(await gpu.read(dw)).toEqual(noise(8, 2))
    }
  })
})
