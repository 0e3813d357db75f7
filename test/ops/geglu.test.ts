import { describe, expect, it } from 'vitest'
import { geglu } from '../../src/ops/geglu'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { noise } from '../numbers'
import { expectOp } from '../on-tape'
import * as reference from '../reference/geglu'

// As in gelu.test.ts, times up to 2.
const bound = { atol: 1e-6, rtol: 5e-7 }

describe('geglu', () => {
  it('has a reference whose gradients are those of its result', () => {
    const [gate, up, dy] = [noise(12, 1, 4), noise(12, 2), noise(12, 3)].map(a => Float64Array.from(a))
    const { dgate, dup } = reference.gegluBackward(gate!, up!, dy!)
    expectGradient(at => reference.geglu(at, up!), gate!, dy!, dgate)
    expectGradient(at => reference.geglu(gate!, at), up!, dy!, dup)
  })

  test.for([
    [1, 1],
    [5, 13],
    [33, 257],
  ] as const)('matches the reference at N=%i F=%i', async ([N, F], { gpu }) => {
    const [gate, up, dy] = [noise(N * F, 1, 8), noise(N * F, 2, 2), noise(N * F, 3)]
    const { dgate, dup } = reference.gegluBackward(gate, up, dy)
    await expectOp(
      gpu,
      { gate: { shape: [N, F], data: gate }, up: { shape: [N, F], data: up } },
      dy,
      (tape, t) => geglu(tape, t.gate, t.up),
      { y: reference.geglu(gate, up), grads: { gate: dgate, up: dup } },
      bound,
    )
  })

  test('saturates without overflow', async ({ gpu }) => {
    const gate = Float32Array.of(-1e30, -100, -14, -9, -0, 0, 9, 14, 100, 1e30)
    const [up, dy] = [noise(gate.length, 2), noise(gate.length, 3)]
    const shape = [1, gate.length]
    const { dgate, dup } = reference.gegluBackward(gate, up, dy)
    await expectOp(
      gpu,
      { gate: { shape, data: gate }, up: { shape, data: up } },
      dy,
      (tape, t) => geglu(tape, t.gate, t.up),
      { y: reference.geglu(gate, up), grads: { gate: dgate, up: dup } },
      bound,
    )
  })

  test('refuses one tensor as both inputs', ({ gpu }) => {
    using x = gpu.zeros([2, 3])
    using dx = gpu.zeros([2, 3])
    using tape = new Tape(gpu)
    tape.parameter(x, dx)
    expect(() => geglu(tape, x, x)).toThrow('geglu: gate and up share their memory')
  })
})
