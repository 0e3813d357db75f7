import { describe, expect } from 'vitest'
import { GpuError } from '../../src/gpu/errors'
import type { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import type { Tensor } from '../../src/gpu/tensor'
import { features, test } from '../gpu'
import { count, times } from './counting-kernels'

/** y = x·a·b by way of scratch memory, which is not clean at a second replay. */
const product = (gpu: Gpu, x: Tensor, y: Tensor, a: number, b: number) =>
  gpu.record(() => {
    using middle = gpu.zeros(x.shape, 'u32')
    using half = gpu.empty(x.shape, 'u32')
    gpu.run(times, { x, y: half }, { factor: a })
    gpu.run(times, { x: half, y: middle }, { factor: b })
    gpu.copy(middle, y)
  })

const numbers = Uint32Array.of(1, 2, 3, 4)

describe('a recording', () => {
  test('runs nothing until it is replayed, then with the inputs as they are', async ({ gpu }) => {
    using x = gpu.tensor([4], numbers)
    using y = gpu.zeros([4], 'u32')
    using recording = product(gpu, x, y, 2, 5)
    expect(recording.dispatches).toBe(2)
    expect(await gpu.readU32(y)).toEqual(new Uint32Array(4))
    gpu.replay(recording)
    const first = gpu.readU32(y)
    gpu.write(x, Uint32Array.of(7))
    gpu.replay(recording)
    gpu.replay(recording)
    expect(await first).toEqual(numbers.map(n => 10 * n))
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(70, 20, 30, 40))
  })

  test('clears at every replay what it takes as zero', async ({ gpu }) => {
    using y = gpu.empty([4], 'u32')
    using recording = gpu.record(() => {
      using sum = gpu.zeros([4], 'u32')
      gpu.run(count, { y: sum }, { factor: 3 })
      gpu.run(count, { y: sum }, { factor: 4 })
      gpu.copy(sum, y)
    })
    for (let i = 0; i < 3; i++) gpu.replay(recording)
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, 7, 14, 21))
  })

  test('keeps the parameters of many dispatches', async ({ gpu }) => {
    using y = gpu.zeros([3], 'u32')
    using recording = gpu.record(() => {
      for (let factor = 0; factor < 700; factor++) gpu.run(count, { y }, { factor })
    })
    gpu.run(count, { y }, { factor: 1_000_000 })
    gpu.replay(recording)
    gpu.replay(recording)
    const sum = 1_000_000 + 699 * 700
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, sum, 2 * sum))
  })

  test('stays one submit with more commands than are kept back otherwise', async ({ gpu }) => {
    using y = gpu.tensor([4], Float32Array.of(1, 2, 3, 4))
    using recording = gpu.record(() => {
      for (let i = 0; i < 1500; i++) gpu.clear(y)
    })
    await gpu.idle()
    const { submits } = gpu.counters
    gpu.replay(recording)
    gpu.write(y, Float32Array.of(5))
    expect(await gpu.read(y)).toEqual(Float32Array.of(5, 0, 0, 0))
    expect(gpu.counters.submits).toBe(submits + 1)
  })

  test('replays without creating anything, in one submit', async ({ gpu }) => {
    using x = gpu.tensor([4], numbers)
    using y = gpu.zeros([4], 'u32')
    using recording = product(gpu, x, y, 3, 3)
    gpu.replay(recording)
    await gpu.readU32(y)
    const before = { ...gpu.counters }
    for (let i = 0; i < 10; i++) {
      gpu.write(x, Uint32Array.of(i))
      gpu.replay(recording)
      await gpu.readU32(y)
    }
    expect(gpu.counters).toEqual({
      ...before,
      submits: before.submits + 10,
      dispatches: before.dispatches + 20,
    })
  })
})

describe('recordings', () => {
  test('share their scratch memory and do not disturb each other', async () => {
    using gpu = await openGpu({ limits: 'default', features: 'none' })
    using x = gpu.tensor([4], numbers)
    using y = gpu.zeros([4], 'u32')
    using z = gpu.zeros([4], 'u32')
    using first = product(gpu, x, y, 2, 3)
    const { allocated } = gpu.memory
    using second = product(gpu, x, z, 5, 7)
    // Parameters are its own: one buffer of 256 dispatches.
    expect(gpu.memory.allocated).toBe(allocated + 65536)
    for (const recording of [first, second, first]) gpu.replay(recording)
    expect(await gpu.readU32(y)).toEqual(numbers.map(n => 6 * n))
    expect(await gpu.readU32(z)).toEqual(numbers.map(n => 35 * n))
  })

  test('give all their memory back when they are disposed and the rest is trimmed', async () => {
    using gpu = await openGpu({ limits: 'default', features: 'none' })
    using x = gpu.tensor([4], numbers)
    using y = gpu.zeros([4], 'u32')
    await gpu.idle()
    const { allocated } = gpu.memory
    const recordings = [product(gpu, x, y, 2, 3), product(gpu, x, y, 4, 4)]
    gpu.replay(recordings[0]!)
    recordings[0]![Symbol.dispose]()
    recordings[0]![Symbol.dispose]()
    gpu.trim()
    expect(gpu.memory.allocated, 'scratch memory stays while a recording is alive').toBeGreaterThan(allocated)
    expect(await gpu.readU32(y), 'a replay that was pending has run').toEqual(numbers.map(n => 6 * n))
    gpu.replay(recordings[1]!)
    expect(await gpu.readU32(y)).toEqual(numbers.map(n => 16 * n))
    recordings[1]![Symbol.dispose]()
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
    expect(() => gpu.replay(recordings[1]!)).toThrow(new GpuError('replay: the recording was disposed'))
  })

  test('never share memory inside, even where tensors of an earlier one are disposed late', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([4], 'u32')
    let late: Tensor | undefined
    using first = gpu.record(() => {
      late = gpu.zeros([4], 'u32')
    })
    const blocks: unknown[] = []
    using second = gpu.record(() => {
      using a = gpu.zeros([4], 'u32')
      late![Symbol.dispose]()
      using b = gpu.zeros([4], 'u32')
      gpu.run(count, { y: a }, { factor: 1 })
      gpu.run(count, { y: b }, { factor: 100 })
      gpu.copy(a, y)
      blocks.push(a.block, b.block)
    })
    expect(new Set(blocks).size).toBe(2)
    for (const recording of [first, second]) gpu.replay(recording)
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, 1, 2, 3))
  })

  test('take the memory again that one before left undisposed', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    const leaves = () => gpu.record(() => void gpu.zeros([1000]))
    using _ = leaves()
    const { allocated } = gpu.memory
    using __ = leaves()
    expect(gpu.memory.allocated).toBe(allocated)
  })
})

describe('inside a recording', () => {
  test('there is nothing to read, no data to write, no second recording and no replay', async ({ gpu }) => {
    using x = gpu.tensor([4], numbers)
    using recording = gpu.record(() => {})
    const inside: [string, () => unknown][] = [
      [
        'write: a recording holds no data; write before it, then replay',
        () => gpu.write(x, Uint32Array.of(1)),
      ],
      ['write: a recording holds no data; write before it, then replay', () => gpu.tensor([1], numbers)],
      ['record: already recording', () => gpu.record(() => {})],
      ['replay: already recording; replay when it has ended', () => gpu.replay(recording)],
    ]
    for (const [message, body] of inside)
      expect(() => gpu.record(() => body())).toThrow(new GpuError(message))
    let reading: Promise<unknown> | undefined
    using _ = gpu.record(() => {
      reading = gpu.readU32(x)
      reading.catch(() => {})
    })
    await expect(reading).rejects.toThrow(
      new GpuError('read: a recording computes nothing yet; read after a replay'),
    )
    expect(await gpu.readU32(x)).toEqual(numbers)
  })

  test('an error leaves no memory behind, and the next commands run', async () => {
    using gpu = await openGpu({ limits: 'default', features })
    using y = gpu.zeros([4], 'u32')
    await gpu.idle()
    const { allocated } = gpu.memory
    const broken = () =>
      gpu.record(() => {
        gpu.run(count, { y: gpu.zeros([4], 'u32') }, { factor: 1 })
        throw new Error('no')
      })
    expect(broken).toThrow('no')
    gpu.trim()
    expect(gpu.memory.allocated).toBe(allocated)
    gpu.run(count, { y }, { factor: 1 })
    expect(await gpu.readU32(y)).toEqual(Uint32Array.of(0, 1, 2, 3))
  })
})
