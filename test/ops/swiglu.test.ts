import { describe, expect, it } from 'vitest'
import { swiglu } from '../../src/ops/swiglu'
import { Tape } from '../../src/ops/tape'
import { expectGradient } from '../finite-differences'
import { test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { expectOp, onTape } from '../on-tape'
import * as reference from '../reference/swiglu'

// exp is exact to (3 + 2·|gate|) units of 2⁻²⁴ in WGSL: 4e-6 up to a gate of 30, beyond which
// what is not saturated is below `atol`. https://www.w3.org/TR/WGSL/#concrete-float-accuracy
const bound = { atol: 1e-6, rtol: 1e-5 }

describe('swiglu', () => {
  it('has a reference whose gradients are those of its result', () => {
    const [gate, up, dy] = [noise(12, 1, 4), noise(12, 2), noise(12, 3)].map(a => Float64Array.from(a))
    const { dgate, dup } = reference.swigluBackward(gate!, up!, dy!)
    expectGradient(at => reference.swiglu(at, up!), gate!, dy!, dgate)
    expectGradient(at => reference.swiglu(gate!, at), up!, dy!, dup)
  })

  test.for([
    [1, 1],
    [1, 123],
    [5, 13],
    [33, 257],
  ] as const)('matches the reference at N=%i F=%i', async ([N, F], { gpu }) => {
    const [gate, up, dy] = [noise(N * F, 1, 8), noise(N * F, 2, 2), noise(N * F, 3)]
    const { dgate, dup } = reference.swigluBackward(gate, up, dy)
    await expectOp(
      gpu,
      { gate: { shape: [N, F], data: gate }, up: { shape: [N, F], data: up } },
      dy,
      (tape, t) => swiglu(tape, t.gate, t.up),
      { y: reference.swiglu(gate, up), grads: { gate: dgate, up: dup } },
      bound,
    )
  })

  test('saturates without overflow', async ({ gpu }) => {
    const gate = Float32Array.of(-1e30, -100, -89, -88, -20, -0, 0, 20, 88, 89, 100, 1e30)
    const [up, dy] = [noise(gate.length, 2), noise(gate.length, 3)]
    const shape = [1, gate.length]
    const { dgate, dup } = reference.swigluBackward(gate, up, dy)
    await expectOp(
      gpu,
      { gate: { shape, data: gate }, up: { shape, data: up } },
      dy,
      (tape, t) => swiglu(tape, t.gate, t.up),
      { y: reference.swiglu(gate, up), grads: { gate: dgate, up: dup } },
      bound,
    )
  })

  test('gives one gradient where only one is wanted', async ({ gpu }) => {
    const [other, x, dy] = [noise(70, 1, 4), noise(70, 2), noise(70, 3)]
    using fixed = gpu.tensor([7, 10], other)
    const inputs = { x: { shape: [7, 10], data: x } }
    const gate = await onTape(gpu, inputs, dy, (tape, t) => swiglu(tape, t.x, fixed), { leaves: false })
    expectClose(gate.grads.x!, reference.swigluBackward(x, other, dy).dgate, bound)
    const up = await onTape(gpu, inputs, dy, (tape, t) => swiglu(tape, fixed, t.x), { leaves: false })
    expectClose(up.grads.x!, reference.swigluBackward(other, x, dy).dup, bound)
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
    tape.backward(swiglu(tape, ta, tb), dy)
    const got = await gpu.read(grads)
    expect(got[64]).not.toBe(1)
    expect(got[65]).toBe(1)
  })

  test('refuses one tensor as both inputs', ({ gpu }) => {
    using x = gpu.zeros([2, 3])
    using dx = gpu.zeros([2, 3])
    using tape = new Tape(gpu)
    tape.parameter(x, dx)
    expect(() => swiglu(tape, x, x)).toThrow('swiglu: gate and up share their memory')
  })
})
