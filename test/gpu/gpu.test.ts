import { describe, expect } from 'vitest'
import { GpuError, OutOfMemoryError } from '../../src/gpu/errors'
import { defineKernel, write } from '../../src/gpu/kernel'
import { openGpu } from '../../src/gpu/open-gpu'
import { features, test } from '../gpu'
import { expectSame, noise } from '../numbers'
import { count, times } from './counting-kernels'

const MIB = 2 ** 20
const whole = (length: number, first = 0) => Uint32Array.from({ length }, (_, i) => first + i)

describe('commands run in the order of the calls', () => {
  test('writes, dispatches, copies, clears and reads, none awaited', async ({ gpu }) => {
    using x = gpu.tensor([3], Uint32Array.of(1, 2, 3))
    using y = gpu.zeros([3], 'u32')
    gpu.run(times, { x, y }, { factor: 10 })
    const first = gpu.readU32(y)
    gpu.write(x, Uint32Array.of(4))
    gpu.run(times, { x, y }, { factor: 10 })
    gpu.copy(y, x)
    gpu.write(y, Uint32Array.of(7, 8))
    const [second, copied] = [gpu.readU32(y), gpu.readU32(x)]
    gpu.clear(x)
    expect(await Promise.all([first, second, copied, gpu.readU32(x)])).toEqual([
      Uint32Array.of(10, 20, 30),
      Uint32Array.of(7, 8, 30),
      Uint32Array.of(40, 20, 30),
      Uint32Array.of(0, 0, 0),
    ])
  })

  test('also more than are kept back, whose parameters fill several buffers', async ({ gpu }) => {
    using y = gpu.zeros([5], 'u32')
    const { submits } = gpu.counters
    let sum = 0
    for (let factor = 0; factor < 1500; factor++) {
      gpu.run(count, { y }, { factor })
      sum += factor
    }
    expect(gpu.counters.submits).toBe(submits + 1)
    expect(await gpu.readU32(y)).toEqual(whole(5).map(n => n * sum))
  })

  test('a disposed tensor’s memory may be written while its reader is pending', async ({ gpu }) => {
    const a = gpu.tensor([64], whole(64))
    using y = gpu.empty([64], 'u32')
    gpu.run(times, { x: a, y }, { factor: 2 })
    a[Symbol.dispose]()
    using b = gpu.tensor([64], whole(64, 1000))
    expect(b.block).toBe(a.block)
    expect(await gpu.readU32(y)).toEqual(whole(64).map(n => 2 * n))
  })
})

describe('uploads', () => {
  // Just past what is collected first, past what a collecting buffer may grow to, and far past it.
  test.for([1, 16384, 16385, 40_000, MIB / 4, MIB / 4 + 1, MIB])(
    'of %i values arrive whole',
    async (length, { gpu }) => {
      const data = noise(length, length)
      using x = gpu.tensor([length], data)
      expectSame(await gpu.read(x), data)
    },
  )

  test('of every size keep their order, with dispatches between them', async ({ gpu }) => {
    const sizes = [3, 9000, MIB / 4 + 9, 9000, 200_000, 1, MIB / 2]
    using all = gpu.zeros([MIB / 2], 'u32')
    for (const [i, size] of sizes.entries()) {
      gpu.write(all, whole(size, i * 1000))
      using head = all.rows(0, 2)
      gpu.run(count, { y: head }, { factor: 5 })
    }
    const want = new Uint32Array(MIB / 2)
    sizes.forEach((size, i) => {
      want.set(whole(size, i * 1000))
      want[1]! += 5
    })
    expectSame(await gpu.readU32(all), want)
  })

  test('may be a part of the tensor and of an array', async ({ gpu }) => {
    using x = gpu.tensor([4], Int32Array.of(-1, -2, -3, -4))
    expect(x.dtype).toBe('i32')
    gpu.write(x, Int32Array.of(9, 8, 7, 6, 5).subarray(1, 3))
    gpu.write(x, new Int32Array(0))
    expect(Array.from(new Int32Array((await gpu.readU32(x)).buffer))).toEqual([8, 7, -3, -4])
  })

  test('that outgrow their buffer do not count the old one as memory', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using x = gpu.tensor([MIB / 4])
    const { allocated } = gpu.memory
    for (const length of [10, 20_000, 200_000, MIB / 4]) gpu.write(x, new Float32Array(length))
    await gpu.idle()
    expect(gpu.memory.allocated).toBe(allocated + MIB)
    expect(gpu.memory.peak).toBe(allocated + MIB)
  })
})

describe('reads', () => {
  test('of nothing, of zeros and of a part', async ({ gpu }) => {
    using none = gpu.tensor([0, 3])
    using zeros = gpu.zeros([2, 2])
    using x = gpu.tensor([2, 64], noise(128))
    expect(await gpu.read(none)).toEqual(new Float32Array(0))
    expect(await gpu.read(zeros)).toEqual(new Float32Array(4))
    expect(await gpu.read(x.rows(1, 2))).toEqual(noise(128).slice(64))
  })

  test('many at once, and larger ones than are kept', async ({ gpu }) => {
    using x = gpu.tensor([300_000], noise(300_000))
    const all = await Promise.all(Array.from({ length: 8 }, () => gpu.read(x)))
    for (const values of all) expectSame(values, noise(300_000))
  })
})

describe('refuses', () => {
  test('a tensor over what a binding may hold', ({ gpu }) => {
    const limit = gpu.device.limits.maxStorageBufferBindingSize
    const message = `tensor [33, ${MIB}] needs ${33 * 4 * MIB} bytes; ${gpu.adapterName} binds at most ${limit}`
    expect(() => gpu.tensor([33, MIB])).toThrow(new OutOfMemoryError(message))
    expect(() => gpu.empty([2 ** 30, 2 ** 30])).toThrow(OutOfMemoryError)
    expect(() => gpu.empty([-1])).toThrow(OutOfMemoryError)
    expect(() => gpu.empty([0.1])).toThrow(OutOfMemoryError)
  })

  test('more data than fit', ({ gpu }) => {
    using x = gpu.tensor([2, 3])
    expect(() => gpu.write(x, new Float32Array(7))).toThrow(new GpuError('write: 7 elements into [2, 3]'))
  })

  test('a copy to another size', ({ gpu }) => {
    using x = gpu.tensor([2, 3])
    using y = gpu.tensor([7])
    expect(() => gpu.copy(x, y)).toThrow(new GpuError('copy: from has 6 elements, to has 7'))
  })
})

describe('dispatches', () => {
  test('of more workgroups than an axis has are folded, and reach every row once', async ({ gpu }) => {
    for (const rows of [65535, 65536, 131_071]) {
      using y = gpu.zeros([rows], 'u32')
      gpu.run(count, { y }, { factor: 3 })
      expectSame(
        await gpu.readU32(y),
        whole(rows).map(n => 3 * n),
      )
    }
  })

  test('of too many on one of two axes are refused', ({ gpu }) => {
    const wide = defineKernel({ ...count, name: 'wide', workgroups: ({ N }) => [1, N * 65536] })
    using y = gpu.zeros([1], 'u32')
    expect(() => gpu.run(wide, { y }, { factor: 1 })).toThrow(
      new GpuError('wide: 1 × 65536 × 1 workgroups, at most 65535 an axis. Split the work'),
    )
  })

  test('of nothing are none, and compile nothing', ({ gpu }) => {
    const unused = defineKernel({ ...count, code: ['not WGSL'], bindings: { y: write('u32', 'N') } })
    using y = gpu.empty([0], 'u32')
    const before = { ...gpu.counters }
    gpu.run(unused, { y }, { factor: 1 })
    expect(gpu.counters).toEqual(before)
  })

  test('with the same tensors share a bind group, also among kernels of one kind', ({ gpu }) => {
    using y = gpu.zeros([3], 'u32')
    gpu.run(count, { y }, { factor: 1 })
    const { bindGroups } = gpu.counters
    gpu.run(count, { y }, { factor: 2 })
    gpu.run(defineKernel({ ...count }), { y }, { factor: 3 })
    expect(gpu.counters.bindGroups).toBe(bindGroups)
  })
})

test('submit after submit takes no more memory for uploads and parameters', async ({ gpu }) => {
  using y = gpu.zeros([3], 'u32')
  const submits = async (times: number) => {
    for (let i = 0; i < times; i++) {
      gpu.write(y, whole(3))
      gpu.run(count, { y }, { factor: i })
      gpu.submit()
    }
    await gpu.idle()
    return gpu.memory.allocated
  }
  const before = await submits(1)
  expect(await submits(600)).toBe(before)
})

test('trim gives back what nothing uses', async () => {
  using gpu = await openGpu({ limits: 'default', features })
  using kept = gpu.tensor([1000], noise(1000))
  const { allocated } = gpu.memory
  const free = [gpu.tensor([5000]), gpu.tensor([70_000])]
  for (const tensor of free) tensor[Symbol.dispose]()
  expect(gpu.memory.allocated).toBeGreaterThan(allocated + 4 * 75_000)
  gpu.trim()
  expect(gpu.memory.allocated).toBe(allocated)
  expect(await gpu.read(kept)).toEqual(noise(1000))
})
