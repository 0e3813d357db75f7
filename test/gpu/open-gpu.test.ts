import { afterEach, describe, expect, test, vi } from 'vitest'
import { adapterKey } from '../../src/gpu/adapter-info'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { NoAdapterError } from '../../src/gpu/errors'
import { openGpu } from '../../src/gpu/open-gpu'

afterEach(() => {
  vi.unstubAllGlobals()
})

async function messageOf(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(NoAdapterError)
  return (error as Error).message
}

describe('without', () => {
  test('WebGPU, a browser is told which browsers have it and how the page must come', async () => {
    vi.stubGlobal('navigator', {})
    vi.stubGlobal('process', undefined)
    const opening = openGpu()
    vi.unstubAllGlobals()
    expect(await messageOf(opening)).toBe(
      'This browser has no WebGPU. Use a current Chrome or Edge, Safari 26, or Firefox 141 or later; the page must come over https or from localhost',
    )
  })

  test('an adapter, the user is told what to install', async () => {
    const asked: unknown[] = []
    const entry = {
      requestAdapter: async (options: unknown) => {
        asked.push(options)
        return null
      },
    } as unknown as GPU
    expect(await messageOf(openGpu({ entry, powerPreference: 'low-power' }))).toBe(
      'WebGPU is there but offers no adapter: the GPU or its driver is blocked. On Linux without a GPU install a software driver (Debian: apt install mesa-vulkan-drivers)',
    )
    expect(asked).toEqual([{ powerPreference: 'low-power' }])
  })
})

/** What subgroups of four show of themselves: for each invocation, its place, and what the lanes hand on. */
function subgroupsOfFour(): Float32Array<ArrayBuffer> {
  const seen = new Float32Array(128 * 68)
  for (let n = 0; n < 128; n++) {
    const row = seen.subarray(68 * n, 68 * (n + 1))
    row.set([n % 4, 4])
    for (let i = 0; i < 16; i++) {
      const handed = n - (n % 4) + (i >> 2) + 128 * (i % 4)
      // By the subgroup, and by its only quad.
      row[4 + i] = handed
      row[36 + i] = handed
      row[52 + i] = (n ^ (i >> 2)) + 128 * (i % 4)
    }
  }
  return seen
}

/** A device that computes nothing but what the checks of its features ask, rightly. */
function soundDevice(limits: object) {
  const { device } = dryGpu()
  const pass = { ...device.createCommandEncoder().beginComputePass() }
  const sent: ArrayBuffer[] = []
  const setImmediates = (_: number, bytes: ArrayBuffer) => sent.push(bytes)
  const seen = subgroupsOfFour()
  return Object.assign(device, {
    limits,
    pushErrorScope() {},
    popErrorScope: async () => null,
    createCommandEncoder: () => ({
      beginComputePass: () => ({ ...pass, setImmediates }),
      ...{ copyBufferToBuffer() {}, clearBuffer() {}, finish: () => ({}) },
    }),
    createBuffer: ({ size }: { size: number }) => ({
      ...{ size, destroy() {}, unmap() {}, mapAsync: async () => {} },
      getMappedRange: () => (size === seen.byteLength ? seen.buffer : sent.shift()!),
    }),
  })
}

/** An entry whose adapter says this of itself and gives a device that notes what is asked of it. */
function entryOf(info: Partial<GPUAdapterInfo>, features: readonly string[] = []) {
  const asked: GPUDeviceDescriptor[] = []
  const limits = { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 31 }
  const entry = {
    requestAdapter: async () => ({
      info: { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false, ...info },
      features: new Set(features),
      limits: { ...limits, maxComputeWorkgroupStorageSize: 2 ** 16 },
      requestDevice: async (descriptor: GPUDeviceDescriptor) => {
        asked.push(descriptor)
        return soundDevice(limits)
      },
    }),
  } as unknown as GPU
  return { entry, asked, limits }
}

describe('with an adapter', () => {
  test('asks for its buffer sizes, or for nothing at all', async () => {
    const { entry, asked, limits } = entryOf({})
    await openGpu({ entry })
    await openGpu({ entry, limits: 'default' })
    expect(asked).toEqual([
      { label: 'tabtune', requiredLimits: limits },
      { label: 'tabtune', requiredLimits: {} },
    ])
  })

  test('asks for the optional features it offers, or for none', async () => {
    const { entry, asked } = entryOf({ subgroupMinSize: 4, subgroupMaxSize: 4 }, [
      ...['timestamp-query', 'depth-clip-control', 'subgroups'],
    ])
    const own = await openGpu({ entry, limits: 'default' })
    const none = await openGpu({ entry, limits: 'default', features: 'none' })
    expect(asked).toEqual([
      { label: 'tabtune', requiredFeatures: ['subgroups', 'timestamp-query'], requiredLimits: {} },
      { label: 'tabtune', requiredLimits: {} },
    ])
    expect([...own.features]).toEqual(['subgroups', 'timestamp-query'])
    expect(none.features.size).toBe(0)
  })

  test('knows of immediates by the language, unless they are not wanted', async () => {
    const { entry } = entryOf({})
    const wgslLanguageFeatures = new Set(['immediate_address_space'])
    const modern = Object.assign(entry, { wgslLanguageFeatures }) as unknown as GPU
    expect([...(await openGpu({ entry: modern })).features]).toEqual(['immediates'])
    expect((await openGpu({ entry: modern, features: 'none' })).features.size).toBe(0)
  })

  test('does without a feature that it offers and that does not work', async () => {
    const { entry } = entryOf({ subgroupMinSize: 8, subgroupMaxSize: 8 }, ['subgroups', 'timestamp-query'])
    expect([...(await openGpu({ entry })).features]).toEqual(['timestamp-query'])
  })

  test('has a key that differs where anything of the adapter does', async () => {
    const infos: Partial<GPUAdapterInfo>[] = [
      {},
      { vendor: 'a|' },
      { vendor: 'a', architecture: '|' },
      { vendor: 'a', description: 'b' },
      { subgroupMinSize: 4, subgroupMaxSize: 32 },
      { subgroupMinSize: 32, subgroupMaxSize: 32 },
    ]
    const keys = await Promise.all(
      infos.map(async info => adapterKey((await openGpu({ entry: entryOf(info).entry })).adapter)),
    )
    expect(new Set(keys).size).toBe(infos.length)
    expect(keys[0]).toBe('||||0-0')
    expect(keys[3]).toBe('a|||b|0-0')
  })

  test.for([
    [{ vendor: 'google', architecture: 'swiftshader' }, true, 'google swiftshader'],
    [
      { description: 'llvmpipe (LLVM 15.0.6, 256 bits)', vendor: 'mesa' },
      true,
      'mesa llvmpipe (LLVM 15.0.6, 256 bits)',
    ],
    [{ description: 'Microsoft Basic Render Driver' }, true, 'Microsoft Basic Render Driver'],
    [{ vendor: 'any', isFallbackAdapter: true }, true, 'any'],
    [{ vendor: 'nvidia', architecture: 'hopper', device: '0x1' }, false, 'nvidia hopper 0x1'],
    [{}, false, 'unnamed adapter'],
  ] as const)('names it, and says whether it is software: %o', async ([info, software, name]) => {
    const gpu = await openGpu({ entry: entryOf(info).entry })
    expect([gpu.software, gpu.adapterName]).toEqual([software, name])
  })
})

test('a real adapter opens with the default limits and with its own', async () => {
  using plain = await openGpu({ limits: 'default' })
  using own = await openGpu()
  expect(plain.device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20)
  expect(own.device.limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20)
})
