import { describe, expect } from 'vitest'
import { openGpu } from '../../src/gpu/open-gpu'
import { filesFromList, type ModelFiles } from '../../src/io/model-files'
import { type OnnxGpu, OnnxGraph, type OnnxOptions } from '../../src/io/onnx-graph'
import { OnnxError, onnxRuntime } from '../../src/io/onnx-runtime'
import type { OnnxOutput } from '../../src/io/onnx-session'
import { test } from '../gpu'
import { expectSame } from '../numbers'
import { causalFiles, encoderFiles, runtime } from '../onnx-models'
import { lookupModel } from './onnx-bytes'

const table = (rows: number, columns: number) =>
  Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i))

/** A folder of a lookup model, and of what is put in place of its files. */
const lookupFiles = (changes: Readonly<Record<string, Uint8Array<ArrayBuffer> | null>> = {}): ModelFiles => {
  const given = {
    'onnx/model.onnx': lookupModel(10, 4),
    'onnx/model.onnx_data': new Uint8Array(table(10, 4).buffer),
    'config.json': new TextEncoder().encode('{}'),
    ...changes,
  }
  const blobs = Object.entries(given).flatMap(([path, bytes]) =>
    bytes ? [[path, new Blob([bytes])] as const] : [],
  )
  return filesFromList(new Map(blobs), 'lookup')
}

const open = (gpu: OnnxGpu, files: ModelFiles, options: OnnxOptions = {}) =>
  OnnxGraph.open(gpu, files, { device: 'wasm', runtime, ...options })

const batch = { sequences: [[1, 2, 3], [4]], padId: 0 }
const states = 'last_hidden_state'
const dimsOf = async ({ dims }: OnnxOutput) => dims

describe('OnnxGraph', () => {
  test('pads sequences at their ends', async ({ gpu }) => {
    await using graph = await open(gpu, lookupFiles())
    const values = await graph.run(batch, states, async ({ values }) => values!)
    const want = [1, 2, 3, 4, 0, 0].flatMap(id => [...table(10, 4).subarray(id * 4, id * 4 + 4)])
    expectSame(values, want)
  })

  test('times both backends once for each size, and keeps the faster', async ({ gpu }) => {
    // The adapters of tests are software, which would not be timed.
    const hardware = { device: gpu.device, software: false, idle: () => gpu.idle() }
    await using graph = await open(hardware, lookupFiles(), { device: 'auto' })
    expect(graph.choices).toEqual([])
    let calls = 0
    const count = async ({ dims }: OnnxOutput, rows: number) => {
      calls++
      return [rows, ...dims]
    }
    expect(await graph.run(batch, states, count)).toEqual([2, 2, 3, 4])
    // Each warmed up and timed, then the batch itself.
    expect(calls).toBe(5)
    await graph.run({ ...batch, sequences: [[5, 6]] }, states, count)
    expect(calls).toBe(6)
    const large = { ...batch, sequences: new Array(1000).fill([1, 2, 3, 4]) }
    expect(await graph.run(large, states, count)).toEqual([1000, 1000, 4, 4])
    expect(graph.choices.map(({ tokens }) => tokens)).toEqual([64, Number.POSITIVE_INFINITY])
    for (const { backend, why } of graph.choices) {
      expect(['wasm', 'webgpu']).toContain(backend)
      expect(why).toMatch(/^\S+ ms, and \S+ ms with (wasm|webgpu), for (2 × 3|256 × 4) tokens$/)
    }
  })

  test('is computed in WebAssembly where the GPU is no GPU, or cannot bind the output', async ({ gpu }) => {
    const software = { device: gpu.device, software: true, idle: () => gpu.idle() }
    {
      await using graph = await open(software, lookupFiles(), { device: 'auto' })
      expect(graph.choices).toEqual([
        { tokens: Number.POSITIVE_INFINITY, backend: 'wasm', why: 'the GPU is a software adapter' },
      ])
    }
    const bytes = gpu.device.limits.maxStorageBufferBindingSize + 4
    {
      await using graph = await open({ ...software, software: false }, lookupFiles(), { device: 'auto' })
      const inMemory = await graph.run(batch, states, async ({ values }) => values !== null, bytes)
      expect(inMemory).toBe(true)
      expect(graph.choices).toEqual([])
    }
    await using graph = await open(gpu, lookupFiles(), { device: 'webgpu' })
    await expect(graph.run(batch, states, dimsOf, bytes)).rejects.toThrow(
      `lookup/onnx/model.onnx: last_hidden_state would have ${bytes} bytes, and the GPU binds at most ${bytes - 4}: use fewer tokens, or the device 'wasm'`,
    )
  })

  test('goes on in WebAssembly where WebGPU cannot run the model', async () => {
    using gpu = await openGpu({ limits: 'default', features: 'none' })
    const hardware = { device: gpu.device, software: false, idle: () => gpu.idle() }
    // Half floats are a feature of the device.
    expect(gpu.device.features.has('shader-f16')).toBe(false)
    const halves = { dtype: 'fp16' as const }
    {
      await using graph = await open(hardware, encoderFiles(), { ...halves, device: 'auto' })
      expect(await graph.run(batch, states, async ({ values }) => values?.length)).toBe(2 * 3 * 32)
      const why = expect.stringContaining('requires f16 but the device does not support it')
      expect(graph.choices).toEqual([{ tokens: Number.POSITIVE_INFINITY, backend: 'wasm', why }])
    }
    await using graph = await open(hardware, encoderFiles(), { ...halves, device: 'webgpu' })
    await expect(graph.run(batch, states, dimsOf)).rejects.toThrow(OnnxError)
  })

  test('says what is wrong with a model, and which file', async ({ gpu }) => {
    const of = (bytes: Uint8Array<ArrayBuffer> | null) => open(gpu, lookupFiles({ 'onnx/model.onnx': bytes }))
    const good = lookupModel(10, 4)
    await expect(of(new TextEncoder().encode('<html>'))).rejects.toThrow(
      'lookup/onnx/model.onnx: this is no ONNX model, or a part of one',
    )
    await expect(of(good.slice(0, -20))).rejects.toThrow(OnnxError)
    await expect(of(lookupModel(10, 4, { file: 'weights' }))).rejects.toThrow(
      new OnnxError(
        "lookup/onnx/model.onnx: its weights lie in 'weights' beside it, and there is no such file",
      ),
    )
    await expect(of(lookupModel(10, 4, { file: '../config.json' }))).rejects.toThrow(
      "lookup: 'onnx/../config.json' is not a relative path inside the model's folder",
    )
    // The table is said to have more rows than the file has bytes for.
    await expect(of(lookupModel(11, 4))).rejects.toThrow(
      /^lookup\/onnx\/model\.onnx: ONNX Runtime cannot load it with wasm: /,
    )
    await expect(of(lookupModel(10, 4, { input: 'pixel_values' }))).rejects.toThrow(
      new OnnxError(
        'lookup/onnx/model.onnx: the graph takes no input_ids; it takes pixel_values [batch, sequence]',
      ),
    )
    // No whole numbers: what Gather itself would refuse too.
    await expect(of(lookupModel(10, 4, { type: 1 }))).rejects.toThrow(OnnxError)
    await using graph = await open(gpu, lookupFiles())
    await expect(graph.run({ ...batch, sequences: [[10]] }, states, dimsOf)).rejects.toThrow(
      /^lookup\/onnx\/model\.onnx: ONNX Runtime cannot run it with wasm: .*out of data bounds/,
    )
    // A failed run leaves the session usable.
    expect(await graph.run(batch, states, dimsOf)).toEqual([2, 3, 4])
  })

  test('stops loading when told', async ({ gpu }) => {
    const reason = new Error('enough')
    await expect(open(gpu, encoderFiles(), { signal: AbortSignal.abort(reason) })).rejects.toThrow(reason)
    const abort = new AbortController()
    const files = causalFiles('lookup')
    // Told after the graph was read and before its weights are.
    const slow: ModelFiles = {
      ...files,
      open: path => {
        abort.abort(reason)
        return files.open(path)
      },
    }
    await expect(open(gpu, slow, { signal: abort.signal })).rejects.toThrow(reason)
  })

  test('gives its memory in WebAssembly back', async ({ gpu }) => {
    const { grow } = WebAssembly.Memory.prototype
    let grown = 0
    WebAssembly.Memory.prototype.grow = function (pages) {
      grown += pages
      return grow.call(this, pages)
    }
    try {
      const files = lookupFiles({
        'onnx/model.onnx': lookupModel(2 ** 19, 4),
        'onnx/model.onnx_data': new Uint8Array(2 ** 23),
      })
      const growth: number[] = []
      for (let i = 0; i < 6; i++) {
        grown = 0
        await using graph = await open(gpu, files)
        await graph.run(batch, states, dimsOf)
        growth.push(grown)
      }
      // Memory does not shrink: what the first load took is there for those that come after.
      expect(growth.slice(2)).toEqual([0, 0, 0, 0])
    } finally {
      WebAssembly.Memory.prototype.grow = grow
    }
  })

  test('gives its memory on the device back, and leaves the device', async ({ gpu }) => {
    const { device } = gpu
    const create = device.createBuffer
    const alive = new Set<GPUBuffer>()
    device.createBuffer = descriptor => {
      const buffer = create.call(device, descriptor)
      const destroy = buffer.destroy
      alive.add(buffer)
      buffer.destroy = () => {
        alive.delete(buffer)
        return destroy.call(buffer)
      }
      return buffer
    }
    try {
      for (let i = 0; i < 3; i++) {
        await using graph = await open(gpu, lookupFiles(), { device: 'webgpu' })
        await graph.run(batch, states, dimsOf)
        expect(alive.size).toBeGreaterThan(0)
      }
    } finally {
      Reflect.deleteProperty(device, 'createBuffer')
    }
    expect([...alive].map(({ size, usage, label }) => ({ size, usage, label }))).toEqual([])
    using tensor = gpu.tensor([1], Float32Array.of(7))
    expect([...(await gpu.read(tensor))]).toEqual([7])
  })
})

describe('onnxRuntime', () => {
  test('starts once', async ({ gpu }) => {
    await using graph = await open(gpu, lookupFiles(), { runtime: {} })
    expect(graph.inputs.size).toBe(1)
    await expect(onnxRuntime({ threads: 2 })).rejects.toThrow(
      /^ONNX Runtime was started with .* and starts only once/,
    )
    await expect(onnxRuntime({ threads: 0 })).rejects.toThrow(
      new OnnxError('ONNX Runtime: threads is 0, expected a whole number from 1'),
    )
  })
})
