import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import type { Tensor } from '../../src/gpu/tensor'
import { pack, uploadPacked } from '../../src/nn/packed'
import { linear } from '../../src/ops/linear'
import { add } from '../../src/ops/residual'
import { Tape } from '../../src/ops/tape'
import { f32Weight } from '../f32-weight'
import { features, test } from '../gpu'
import { noise } from '../numbers'
import { tinyConfig, tinyLlama } from '../tiny-llama'

/** y = x by a copy, whose backward pass says that it ran. */
function copied(tape: Tape, x: Tensor, others: Tensor[] = [], ran: () => void = () => {}): Tensor {
  const y = tape.tensor(x.shape)
  tape.gpu.copy(x, y)
  tape.record([x, ...others], [y], [], () => {
    ran()
    const to = tape.destination(x)
    if (to) tape.gpu.copy(tape.gradient(y), to.grad)
  })
  return y
}

const vector = (gpu: Gpu, ...values: number[]) => gpu.tensor([values.length], Float32Array.from(values))

describe('a gradient', () => {
  test('reaches parameters and what comes from them, nothing else', async ({ gpu }) => {
    using tape = new Tape(gpu)
    using w = vector(gpu, 1, 2)
    using x = vector(gpu, 3, 4)
    using dw = vector(gpu, 0, 0)
    tape.parameter(w, dw)
    const ran: string[] = []
    const plain = copied(tape, x, [], () => ran.push('plain'))
    const y = copied(tape, w, [plain], () => ran.push('y'))
    const unused = copied(tape, w, [], () => ran.push('unused'))
    expect([w, x, plain, y, unused].map(t => tape.tracks(t))).toEqual([true, false, false, true, true])
    expect(tape.tracks(w.view([2, 1]))).toBe(true)
    expect([tape.destination(x), tape.destination(plain)]).toEqual([null, null])
    expect(tape.destination(w)).toMatchObject({ accumulate: 1 })
    using dy = vector(gpu, 5, 6)
    tape.backward(y, dy)
    expect(ran).toEqual(['y'])
    expect(await gpu.read(dw)).toEqual(Float32Array.of(5, 6))
  })

  test('sums over all uses of a tensor, and adds to what a parameter’s gradient holds', async ({ gpu }) => {
    // y = h·bᵀ + h + x·aᵀ with h = x·aᵀ; small integers, so that every sum is exact.
    const N = 4
    const values = (seed: number) =>
      Float32Array.from({ length: N * N }, (_, i) => ((i * i + i * seed) % 5) - 2)
    const [x, a, b, dy, start] = [3, 7, 11, 13, 2].map(values)
    const product = (
      p: ArrayLike<number>,
      q: ArrayLike<number>,
      at: (i: number, j: number, k: number) => number[],
    ) =>
      Float32Array.from({ length: N * N }, (_, ij) => {
        let sum = 0
        for (let k = 0; k < N; k++) {
          const [l, r] = at(Math.floor(ij / N), ij % N, k)
          sum += p[l!]! * q[r!]!
        }
        return sum
      })
    const nt = (p: ArrayLike<number>, q: ArrayLike<number>) =>
      product(p, q, (i, j, k) => [i * N + k, j * N + k])
    const nn = (p: ArrayLike<number>, q: ArrayLike<number>) =>
      product(p, q, (i, j, k) => [i * N + k, k * N + j])
    const tn = (p: ArrayLike<number>, q: ArrayLike<number>) =>
      product(p, q, (i, j, k) => [k * N + i, k * N + j])
    const plus = (p: Float32Array, q: Float32Array) => p.map((v, i) => v + q[i]!)
    const h = nt(x!, a!)
    const dh = plus(nn(dy!, b!), dy!)
    const both = plus(dh, dy!)

    const tensor = (data: Float32Array) => gpu.tensor([N, N], data)
    using tx = tensor(x!)
    using ta = tensor(a!)
    using tb = tensor(b!)
    using dx = tensor(start!)
    using da = tensor(start!)
    using db = tensor(start!)
    using seed = tensor(dy!)
    using tape = new Tape(gpu)
    tape.parameter(tx, dx)
    tape.parameter(ta, da)
    tape.parameter(tb, db)
    const th = linear(tape, tx, ta)
    const y = add(tape, add(tape, linear(tape, th, tb), th), linear(tape, tx, ta))
    const got = gpu.read(y)
    tape.backward(y, seed)
    expect(await got).toEqual(plus(plus(nt(h, b!), h), h))
    expect(await gpu.read(db)).toEqual(plus(start!, tn(dy!, h)))
    expect(await gpu.read(da)).toEqual(plus(start!, tn(both, x!)))
    expect(await gpu.read(dx)).toEqual(plus(start!, nn(both, a!)))
  })

  test('of a tensor that was not used is an error', ({ gpu }) => {
    using tape = new Tape(gpu)
    expect(() => tape.gradient(tape.tensor([1]))).toThrow('Tape: an output has no gradient')
  })

  test('is handed over only where the tape owns it and the input has none yet', ({ gpu }) => {
    using tape = new Tape(gpu)
    using w = vector(gpu, 1)
    using dw = vector(gpu, 0)
    using dy = vector(gpu, 2)
    tape.parameter(w, dw)
    const a = copied(tape, w)
    const b = copied(tape, a)
    const c = copied(tape, b)
    const taken: boolean[] = []
    tape.record([c], [tape.tensor([1])], [], () => {})
    const last = tape.tensor([1])
    tape.record([c, a, w], [last], [], () => {
      const grad = tape.destination(c)!
      gpu.copy(tape.gradient(last), grad.grad)
      taken.push(tape.handOver(last, c), tape.handOver(last, b), tape.handOver(c, w), tape.handOver(c, b))
      taken.push(tape.handOver(b, b))
    })
    tape.backward(last, dy)
    // c has one; last's is the caller's; w is a parameter; b takes c's; b has one now.
    expect(taken).toEqual([false, false, false, true, false])
  })
})

/** Bytes held after trimming, so that only what somebody still owns counts. */
function held(gpu: Gpu): number {
  gpu.trim()
  return gpu.memory.allocated
}

describe('memory', () => {
  test('without gradients stays the same from layer to layer', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    const seen: { most: number; left: number }[] = []
    for (const layers of [1, 2, 4, 12]) {
      using network = tinyLlama(gpu, { ...tinyConfig, layers })
      using tape = new Tape(gpu, { grad: false })
      using packed = uploadPacked(gpu, pack([Uint32Array.from(noise(50, 1), v => Math.floor(30 * (v + 1)))]))
      await gpu.idle()
      const before = held(gpu)
      network.forward(tape, packed)
      await gpu.idle()
      seen.push({ most: gpu.memory.allocated - before, left: held(gpu) - before })
    }
    // The first run also makes the buffer for the parameters of dispatches, which stays; then two layers are alike.
    const steady = seen[1]!
    expect(seen.slice(2)).toEqual([steady, steady])
    expect(steady.left).toBeLessThan(steady.most / 2)
  })

  test('of what is computed again is that of one part at a time', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    const peaks: number[] = []
    for (const recompute of [false, true]) {
      using network = tinyLlama(gpu, { ...tinyConfig, layers: 12 })
      const weight = f32Weight(network.weights.get('model.layers.0.mlp.up_proj.weight'))
      using grad = gpu.zeros(weight.shape)
      using packed = uploadPacked(gpu, pack([Uint32Array.from(noise(50, 1), v => Math.floor(30 * (v + 1)))]))
      using dy = gpu.tensor([50, tinyConfig.hidden], noise(50 * tinyConfig.hidden))
      await gpu.idle()
      const before = held(gpu)
      const tape = new Tape(gpu)
      tape.parameter(weight, grad)
      tape.backward(network.forward(tape, packed, { recompute }), dy)
      peaks.push(gpu.memory.allocated - before)
      expect((await gpu.read(grad)).some(g => g !== 0)).toBe(true)
    }
    expect(peaks[1]!).toBeLessThan(peaks[0]! / 3)
  })

  test('of what is computed again is freed where it fails, forward and backward', ({ gpu }) => {
    for (const failing of [1, 2]) {
      using tape = new Tape(gpu)
      using x = vector(gpu, 1, 2)
      using dx = vector(gpu, 0, 0)
      using dy = vector(gpu, 1, 1)
      tape.parameter(x, dx)
      const made: Tensor[] = []
      const run = () => {
        const y = tape.recomputed(x, on => {
          made.push(on.tensor([2]))
          if (made.length === failing) throw new RangeError('no more')
          return copied(on, x)
        })
        tape.backward(y, dy)
      }
      expect(run).toThrow(new RangeError('no more'))
      expect(made.map(({ disposed }) => disposed)).toEqual(Array(failing).fill(true))
    }
  })

  test('of a block without gradients is freed but for its result', ({ gpu }) => {
    using tape = new Tape(gpu, { grad: false })
    const outer = tape.tensor([8])
    let inner: Tensor | undefined
    const result = tape.block(() => {
      inner = tape.tensor([8])
      return tape.tensor([8]).view([2, 4])
    })
    expect([outer.disposed, inner!.disposed, result.disposed]).toEqual([false, true, false])
    const saved = tape.tensor([8])
    tape.record([outer], [result], [saved], () => expect.unreachable())
    expect(saved.disposed).toBe(true)
    tape[Symbol.dispose]()
    expect([outer.disposed, result.disposed]).toEqual([true, true])
  })

  test('of a block with gradients stays until the backward pass has gone by', ({ gpu }) => {
    using tape = new Tape(gpu)
    using w = vector(gpu, 1)
    using dw = vector(gpu, 0)
    using dy = vector(gpu, 1)
    tape.parameter(w, dw)
    const loose = tape.tensor([4])
    let inner: Tensor | undefined
    const seen: (boolean | undefined)[] = []
    let grad: Tensor | undefined
    const middle = tape.block(() => {
      inner = copied(tape, w, [], () => seen.push(middle.disposed, grad!.disposed, inner!.disposed))
      return copied(tape, inner, [], () => {
        grad = tape.gradient(middle)
        seen.push(grad.disposed)
      })
    })
    const y = copied(tape, middle)
    expect(inner!.disposed).toBe(false)
    tape.backward(y, dy)
    // What lies behind is gone when an op runs backwards: the later tensor, its gradient, and nothing else.
    expect(seen).toEqual([false, true, true, false])
    expect([inner!, y, loose, dy].map(t => t.disposed)).toEqual([true, true, true, false])
  })

  test('is all free after a backward pass, and after a tape that had none', async () => {
    using gpu = await openGpu({ limits: 'default', features: 'none' })
    using network = tinyLlama(gpu)
    using packed = uploadPacked(gpu, pack([Uint32Array.of(1, 2, 3, 4, 5)]))
    using dy = gpu.tensor([5, tinyConfig.hidden], noise(5 * tinyConfig.hidden))
    const weight = f32Weight(network.weights.get('model.layers.0.mlp.up_proj.weight'))
    using grad = gpu.zeros(weight.shape)
    const step = async () => {
      const tape = new Tape(gpu)
      tape.parameter(weight, grad)
      tape.backward(network.forward(tape, packed), dy)
      expect((await gpu.read(grad)).some(g => g !== 0)).toBe(true)
      return held(gpu)
    }
    const tensors = [...network.weights.values(), dy, grad, packed.ids, packed.positions, packed.ranges]
    const owned = tensors.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 256) * 256, 0)
    const first = await step()
    // Besides: two tables of positions, the collecting buffer and the parameters of dispatches.
    const fine = 256 * tinyConfig.headSize * 4
    expect(first - owned).toBe(256 + fine + 2 * 65536)
    expect(await step()).toBe(first)
    {
      using unused = new Tape(gpu)
      unused.parameter(weight, grad)
      network.forward(unused, packed)
    }
    expect(held(gpu)).toBe(first)
  })

  test('that is released is the caller’s, and others’ tensors are left alone', ({ gpu }) => {
    const tape = new Tape(gpu)
    const [kept, freed] = [tape.tensor([4]), tape.tensor([4])]
    using other = gpu.tensor([4])
    tape.release(kept.view([2, 2]))
    tape.free(freed.view([2, 2]))
    tape.free(other)
    expect([kept.disposed, freed.disposed, other.disposed]).toEqual([false, true, false])
    tape[Symbol.dispose]()
    expect(kept.disposed).toBe(false)
    kept[Symbol.dispose]()
  })
})
