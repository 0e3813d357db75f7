import { describe, expect } from 'vitest'
import { ShapeError } from '../../src/gpu/errors'
import { add } from '../../src/ops/residual'
import { split } from '../../src/ops/split'
import { Tape } from '../../src/ops/tape'
import { test } from '../gpu'
import { noise } from '../numbers'
import * as reference from '../reference/split'

describe('split', () => {
  test.for([
    { N: 1, S: 12, parts: 3 },
    { N: 123, S: 12, parts: 3 },
    { N: 5, S: 136, parts: 2 },
    { N: 300, S: 4, parts: 1 },
  ])('gives and takes columns at %o', async ({ N, S, parts }, { gpu }) => {
    const x = noise(N * S, 1)
    using tx = gpu.tensor([N, S], x)
    using dx = gpu.zeros([N, S])
    using tape = new Tape(gpu)
    tape.parameter(tx, dx)
    const got = split(tape, tx, parts)
    const want = reference.split(x, S, parts)
    const values = await Promise.all(got.map(part => gpu.read(part)))
    expect(values.map(part => [...part])).toEqual(want.map(part => [...part]))
    // The gradient of a sum of parts is the same in each.
    const dy = noise((N * S) / parts, 2)
    using tdy = gpu.tensor([N, S / parts], dy)
    const sum = got.reduce((a, b) => add(tape, a, b))
    tape.backward(sum, tdy)
    const parted = reference.split(await gpu.read(dx), S, parts)
    for (const part of parted) expect([...part]).toEqual([...dy])
  })

  test('adds to a gradient that is there', async ({ gpu }) => {
    const [x, before, dy] = [noise(24, 1), noise(24, 2), noise(8, 3)]
    using tx = gpu.tensor([2, 12], x)
    using dx = gpu.tensor([2, 12], before)
    using tdy = gpu.tensor([2, 4], dy)
    using tape = new Tape(gpu)
    tape.parameter(tx, dx)
    const [a, b, c] = split(tape, tx, 3)
    tape.backward(add(tape, add(tape, a!, b!), c!), tdy)
    const want = before.map((v, i) => v + dy[Math.floor(i / 12) * 4 + (i % 4)]!)
    expect([...(await gpu.read(dx))]).toEqual([...want])
  })

  test('refuses columns that do not divide', ({ gpu }) => {
    using tape = new Tape(gpu)
    using x = gpu.zeros([2, 10])
    expect(() => split(tape, x, 3)).toThrow(new ShapeError('split: 10 columns of x in 3 parts'))
  })
})
