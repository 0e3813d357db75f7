import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { embedding, groupTokens, MissingGroupsError } from '../../src/ops/embedding'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { noise } from '../numbers'
import { expectOp } from '../on-tape'
import * as reference from '../reference/embedding'

function upload(gpu: Gpu, ids: Uint32Array) {
  const { rows, starts, order } = groupTokens(ids)
  return {
    rows: gpu.tensor([ids.length], rows),
    starts: gpu.tensor([ids.length + 1], starts),
    order: gpu.tensor([ids.length], order),
  }
}

describe('embedding', () => {
  it('has a reference whose gradient is that of its result', () => {
    const ids = [2, 0, 2, 3]
    const [w, dy] = [noise(15, 1), noise(12, 2)].map(a => Float64Array.from(a))
    const dw = reference.embeddingBackward(ids, dy!, { V: 5, C: 3 })
    expectGradient(at => reference.embedding(ids, at, 3), w!, dy!, dw)
  })

  it('groups the positions of every id once, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(5), fc.nat(0xfffffffe)), { maxLength: 40 }), list => {
        const ids = Uint32Array.from(list)
        const { rows, starts, order } = groupTokens(ids)
        const distinct = [...new Set(list)].sort((a, b) => a - b)
        expect([rows.length, starts.length, order.length]).toEqual([ids.length, ids.length + 1, ids.length])
        expect([...rows.subarray(0, distinct.length)]).toEqual(distinct)
        expect(rows.subarray(distinct.length).every(row => row === 0xffffffff)).toBe(true)
        distinct.forEach((id, g) => {
          const positions = [...ids.keys()].filter(t => ids[t] === id)
          expect([...order.subarray(starts[g], starts[g + 1])]).toEqual(positions)
        })
        expect(starts.subarray(distinct.length).every(start => start === ids.length)).toBe(true)
      }),
    )
  })

  // All the same id, all distinct, and a mixture; rows of w that no token takes must have no gradient.
  test.for([
    { V: 1, C: 1, ids: [0] },
    { V: 7, C: 13, ids: [6, 6, 6, 6, 6] },
    { V: 200, C: 65, ids: Array.from({ length: 123 }, (_, t) => 199 - t) },
    { V: 50, C: 64, ids: Array.from({ length: 300 }, (_, t) => (t * t) % 47) },
  ])('matches the reference at V=$V C=$C', async ({ V, C, ids }, { gpu }) => {
    const T = ids.length
    const [w, dy] = [noise(V * C, 1), noise(T * C, 2)]
    using tids = gpu.tensor([T], Uint32Array.from(ids))
    const groups = upload(gpu, Uint32Array.from(ids))
    await expectOp(
      gpu,
      { w: { shape: [V, C], data: w } },
      dy,
      (tape, t) => embedding(tape, tids, t.w, groups),
      { y: reference.embedding(ids, w, C), grads: { w: reference.embeddingBackward(ids, dy, { V, C }) } },
      // Sums of at most 15 numbers below 1, each rounded to 2⁻²⁴.
      { atol: 3e-6, rtol: 0 },
    )
    for (const tensor of Object.values(groups)) tensor[Symbol.dispose]()
  })

  test('needs groups only where the matrix is trained', async ({ gpu }) => {
    using ids = gpu.tensor([2], Uint32Array.of(1, 0))
    using w = gpu.tensor([2, 2], Float32Array.of(1, 2, 3, 4))
    using dw = gpu.zeros([2, 2])
    using tape = new Tape(gpu)
    expect(await gpu.read(embedding(tape, ids, w, null))).toEqual(Float32Array.of(3, 4, 1, 2))
    tape.parameter(w, dw)
    expect(() => embedding(tape, ids, w, null)).toThrow(MissingGroupsError)
    using short = gpu.empty([2], 'u32')
    expect(() => embedding(tape, ids, w, { rows: short, starts: short, order: short })).toThrow(
      'embedding: starts has shape [2], expected [T + 1] with T = 2 as in ids',
    )
  })
})
