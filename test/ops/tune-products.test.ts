import { describe, expect, test as plain, vi } from 'vitest'
import { dryGpu } from '../../src/gpu/dry-gpu'
import { Gpu } from '../../src/gpu/gpu'
import { openGpu } from '../../src/gpu/open-gpu'
import { f32 } from '../../src/ops/format-f32'
import { linearNn, linearNt, linearTn, matmulNt } from '../../src/ops/matmul'
import {
  chooseProductProfile,
  type ProductProfileName,
  productProfileOf,
  productProfiles,
} from '../../src/ops/product-profiles'
import { type ProductCase, productCases, type TimingOptions, timeProducts } from '../../src/ops/time-products'
import { tuneGpu, tuneProducts, tuningKey } from '../../src/ops/tune-products'
import { ofFormat } from '../../src/ops/weight-formats'
import { features, test } from '../gpu'
import { expectClose, noise } from '../numbers'
import { matmul } from '../reference/matmul'

/** A card that computes nothing, and notes what it compiles. */
function card(description = 'a card') {
  const dry = dryGpu()
  const compiled: string[] = []
  const device = Object.assign(dry.device, {
    pushErrorScope() {},
    popErrorScope: async () => null,
    createShaderModule: ({ code }: GPUShaderModuleDescriptor) => ({ code }),
    createComputePipeline({ compute: { module, constants } }: GPUComputePipelineDescriptor) {
      compiled.push(`${(module as unknown as { code: string }).code} ${JSON.stringify(constants)}`)
      return {}
    },
  })
  return { gpu: new Gpu(device, { ...dry.adapter, description, software: false }), compiled }
}

type Costs = Readonly<Partial<Record<ProductProfileName, number>>>

/** Times as they would be if a run took the profile's cost in milliseconds. */
const fixed = (costs: Costs) =>
  vi.fn<NonNullable<TimingOptions['time']>>(async (gpu, run, count) => {
    run()
    return count * (costs[productProfileOf(gpu)] ?? 10)
  })

function memoryCache() {
  const kept = new Map<string, string>()
  return {
    kept,
    get: async (key: string) => kept.get(key),
    set: async (key: string, value: string) => void kept.set(key, value),
  }
}

const profiles = ['small', 'medium', 'large'] as const

describe('on a card', () => {
  plain('the fastest profile is chosen, kept, and timed no second time', async () => {
    const { gpu } = card()
    const [cache, time] = [memoryCache(), fixed({ large: 5 })]
    expect(await tuneProducts(gpu, { cache }, { profiles, time })).toEqual({
      ...{ profile: 'large', from: 'measured', dropped: [] },
    })
    expect(productProfileOf(gpu)).toBe('large')
    expect([...cache.kept]).toEqual([[tuningKey(gpu), 'large']])
    time.mockClear()
    const { gpu: again } = card()
    const told = vi.fn()
    expect(await tuneProducts(again, { cache, onProgress: told }, { profiles, time })).toEqual({
      ...{ profile: 'large', from: 'cache', dropped: [] },
    })
    expect(productProfileOf(again)).toBe('large')
    expect(time).not.toHaveBeenCalled()
    expect(told).not.toHaveBeenCalled()
    const { gpu: other } = card('another card')
    expect((await tuneProducts(other, { cache }, { profiles, time })).from).toBe('measured')
    expect(cache.kept.size).toBe(2)
  })

  plain('the usual profile stays where others are hardly faster', async () => {
    const { gpu } = card()
    expect((await tuneProducts(gpu, {}, { profiles, time: fixed({ direct: 9.6 }) })).profile).toBe('medium')
    expect((await tuneProducts(gpu, {}, { profiles, time: fixed({ direct: 9.4 }) })).profile).toBe('direct')
  })

  plain.for(['', 'fastest', 'broadcast-4', 'toString', null])(
    'a cache that holds %o is as good as none',
    async value => {
      const { gpu } = card()
      const cache = { ...memoryCache(), get: async () => value as string }
      const { profile, from } = await tuneProducts(gpu, { cache }, { profiles, time: fixed({ small: 1 }) })
      expect([profile, from]).toEqual(['small', 'measured'])
      expect([...cache.kept.values()]).toEqual(['small'])
    },
  )

  plain('a cache that fails does not', async () => {
    const { gpu } = card()
    const fail = async () => Promise.reject(new Error('no room'))
    const { profile } = await tuneProducts(
      gpu,
      { cache: { get: fail, set: fail } },
      { profiles, time: fixed({}) },
    )
    expect(profile).toBe('medium')
  })

  plain(
    'profiles that compute a case alike are timed once, and each case takes the part it names',
    async () => {
      const products = {
        nt: ofFormat(linearNt, f32, 4),
        nn: ofFormat(linearNn, f32, 4),
        tn: ofFormat(linearTn, f32, 4),
      }
      for (const one of productCases) {
        const { gpu, compiled } = card()
        const time = fixed({})
        await timeProducts(gpu, { profiles, cases: [one], time })
        const ways = new Set((['direct', ...profiles] as const).map(name => productProfiles[name][one.form]))
        const kernels = [...ways].map(way => products[one.layout].get(way)!)
        // Beside products there are sums of those whose steps are divided.
        expect(compiled.filter(code => code.includes('product_size'))).toEqual(
          kernels.map(({ code, overrides }) => `${code.join('\n')} ${JSON.stringify(overrides)}`),
        )
        // One measurement says that 10 ms are long enough, and three count.
        expect(time).toHaveBeenCalledTimes(4 * ways.size)
      }
    },
  )

  plain('each profile has a time for each case that began in time, of enough runs', async () => {
    const { gpu } = card()
    chooseProductProfile(gpu, 'small')
    const told: number[] = []
    const time = fixed({ direct: 0.4, small: 2, medium: 3, large: 4 })
    const few = productCases.slice(0, 3)
    const all = await timeProducts(gpu, { profiles, cases: few, time, onProgress: n => told.push(n) })
    expect(Object.fromEntries(all.times)).toEqual({
      ...{ direct: [0.4, 0.4, 0.4], small: [2, 2, 2], medium: [2, 3, 2], large: [4, 4, 4] },
    })
    // 16 runs of 0.4 ms are the first power of two that takes 5.
    expect(Math.max(...time.mock.calls.map(([, , count]) => count))).toBe(16)
    expect([told[0], told.at(-1), told.length]).toEqual([0, 1, 4])
    expect(productProfileOf(gpu)).toBe('small')
    const late = await timeProducts(gpu, { profiles, cases: few, budget: 0, time })
    expect(late.times.get('large')).toEqual([4])
  })

  plain('an abort ends it, with the profile that there was', async () => {
    const { gpu } = card()
    chooseProductProfile(gpu, 'small')
    const [stop, cache] = [new AbortController(), memoryCache()]
    const time = fixed({})
    time.mockImplementationOnce(async (_, run) => {
      run()
      stop.abort(new Error('enough'))
      return 1
    })
    const tuning = tuneProducts(gpu, { cache, signal: stop.signal }, { profiles, time })
    await expect(tuning).rejects.toThrow('enough')
    expect(time).toHaveBeenCalledTimes(1)
    expect(productProfileOf(gpu)).toBe('small')
    expect(cache.kept.size).toBe(0)
  })
})

test('a software adapter keeps its own profile, and nothing is timed or kept', async ({ gpu }) => {
  const [cache, onProgress] = [memoryCache(), vi.fn()]
  const { dispatches } = gpu.counters
  const before = productProfileOf(gpu)
  expect(gpu.software).toBe(true)
  chooseProductProfile(gpu, 'small')
  const { from, profile } = await tuneGpu(gpu, { cache, onProgress })
  expect([from, profile]).toEqual(['default', productProfileOf(gpu)])
  expect(gpu.counters.dispatches).toBe(dispatches)
  expect(onProgress).not.toHaveBeenCalled()
  expect(cache.kept.size).toBe(0)
  chooseProductProfile(gpu, before)
})

// Adapters on a processor compile tiles for seconds, so one kernel of them does here.
const one: ProductCase = { layout: 'nt', form: 'square', M: 36, N: 40, K: 52 }

describe('on a device', () => {
  const faults: readonly (readonly [string, (code: string) => string, RegExp | null])[] = [
    ['that is sound, no profile is dropped', code => code, null],
    [
      'that computes a profile wrongly, it is dropped',
      code => code.replace('sums += block_steps', 'sums += 1.001 * block_steps'),
      /^nt \[36, 52\] x \[52, 40\]: got .+, and .+ by direct$/,
    ],
    [
      'that refuses a profile, it is dropped',
      code => code.replace('sums += block_steps', 'sums += wrong'),
      /wrong/,
    ],
  ]
  plain.for(faults)('%s', async ([, change, reason]) => {
    using real = await openGpu({ limits: 'default', features })
    const { device } = real
    const create = device.createShaderModule.bind(device)
    device.createShaderModule = ({ code, ...rest }) => create({ ...rest, code: change(code) })
    const gpu = new Gpu(device, { ...real.adapter, software: false }, real.features)
    const time = fixed({ small: 1 })
    const tuning = await tuneProducts(gpu, {}, { profiles: ['small'], cases: [one], time })
    expect(tuning.profile).toBe(reason ? 'direct' : 'small')
    expect(tuning.dropped.map(({ profile }) => profile)).toEqual(reason ? ['small'] : [])
    if (reason) expect(tuning.dropped[0]?.reason).toMatch(reason)
    // The device goes on, whatever it refused.
    const [x, w] = [noise(4 * 8, 1), noise(4 * 8, 2)]
    using tx = gpu.tensor([4, 8], x)
    using tw = gpu.tensor([4, 8], w)
    using c = gpu.zeros([4, 4])
    chooseProductProfile(gpu, 'direct')
    matmulNt(gpu, tx, tw, c)
    expectClose(await gpu.read(c), matmul('nt', x, w, { B: 1, M: 4, N: 4, K: 8 }), { atol: 1e-6, rtol: 1e-6 })
  })

  plain('runs are repeated until they take the least time', async () => {
    using real = await openGpu({ limits: 'default', features })
    const gpu = new Gpu(real.device, { ...real.adapter, software: false }, real.features)
    // A clock by which a run takes a quarter of a millisecond.
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => gpu.counters.dispatches / 4)
    const { times } = await timeProducts(gpu, { profiles: [], cases: [one], least: 3 })
    clock.mockRestore()
    expect(times.get('direct')).toEqual([0.25])
    // It ran once to be checked, then 1, 2, 4, 8 and 16 times, and three times 16 times more.
    expect(gpu.counters.dispatches).toBe(1 + 31 + 48)
  })
})
