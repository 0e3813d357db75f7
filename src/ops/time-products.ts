import { GpuError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { matmulNn, matmulNt, matmulTn } from './matmul'
import {
  chooseProductProfile,
  type ProductProfile,
  type ProductProfileName,
  productProfileOf,
  productProfiles,
} from './product-profiles'

/** A product that profiles are timed at: c [M, N] with K steps, and the part of a profile that its shape takes. */
export interface ProductCase {
  readonly layout: 'nt' | 'nn' | 'tn'
  readonly form: keyof ProductProfile
  readonly M: number
  readonly N: number
  readonly K: number
}

const square = { form: 'square', M: 508, N: 572, K: 1532 } as const
const large = { form: 'large', M: 2044, N: 1532, K: 508 } as const
const narrow = { form: 'narrow', M: 2044, N: 12, K: 572 } as const

/**
 * What training runs most comes first, as time may run out. Sizes are four short of what tiles divide: as fast, and what
 * lies past the end is looked at too.
 */
export const productCases: readonly ProductCase[] = [
  { layout: 'nt', ...square },
  { layout: 'nt', ...large },
  { layout: 'nn', ...square },
  { layout: 'tn', ...square },
  { layout: 'nn', ...large },
  { layout: 'tn', ...large },
  { layout: 'nt', ...narrow },
  { layout: 'nt', form: 'single', M: 1, N: 2044, K: 1020 },
  { layout: 'nn', ...narrow },
  { layout: 'tn', form: 'wide', M: 8, N: 572, K: 2044 },
  { layout: 'tn', ...narrow, M: 572, K: 2044 },
  { layout: 'nn', form: 'wide', M: 8, N: 572, K: 1532 },
  { layout: 'nt', form: 'flat', M: 7, N: 2044, K: 1020 },
]

export interface TimingOptions {
  /** Profiles beside `direct`, whose results theirs must agree with. */
  readonly profiles: readonly ProductProfileName[]
  readonly cases?: readonly ProductCase[]
  /** Milliseconds after which no further case begins. */
  readonly budget?: number
  /** Milliseconds that a measurement takes at least. */
  readonly least?: number
  /** Milliseconds until the GPU has done `count` runs. */
  readonly time?: (gpu: Gpu, run: () => void, count: number) => Promise<number>
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((fraction: number) => void) | undefined
}

/** A profile that cannot be used on a device. */
export interface DroppedProfile {
  readonly profile: ProductProfileName
  readonly reason: string
}

export interface ProductTimes {
  /** Milliseconds of each usable profile, one for each case that was timed, in the cases' order. */
  readonly times: ReadonlyMap<ProductProfileName, readonly number[]>
  readonly dropped: readonly DroppedProfile[]
}

const REFERENCE: ProductProfileName = 'direct'
/** Measurements of which the median counts. */
const ROUNDS = 3
/** The most runs of a measurement. */
const RUNS = 1 << 14

/**
 * Times how long a device takes for products by profiles: medians of measurements in turn, each long enough for a
 * browser's clock. A profile whose results differ from those of `direct` by more than rounding is dropped, and so is
 * one that the device refuses. Leaves the device with the profile that it had.
 *
 * @throws {GpuError} if the device refuses `direct`, too
 */
export async function timeProducts(
  gpu: Gpu,
  { profiles, cases = productCases, budget = 1500, onProgress, ...measuring }: TimingOptions,
): Promise<ProductTimes> {
  const before = productProfileOf(gpu)
  const start = performance.now()
  const times = new Map([REFERENCE, ...profiles].map(name => [name, [] as number[]] as const))
  const dropped: DroppedProfile[] = []
  try {
    for (const [i, one] of cases.entries()) {
      const spent = i === 0 ? 0 : performance.now() - start
      if (i > 0 && spent >= budget) break
      onProgress?.(Math.max(i / cases.length, Math.min(1, spent / budget)))
      const found = await timeCase(gpu, one, [...times.keys()], measuring)
      for (const [profile, result] of found) {
        if (typeof result === 'number') times.get(profile)?.push(result)
        else if (times.delete(profile)) dropped.push({ profile, reason: result })
      }
    }
  } finally {
    chooseProductProfile(gpu, before)
  }
  onProgress?.(1)
  return { times, dropped }
}

/** Milliseconds of a case by profile, or why it cannot be used. Profiles that compute it alike are timed once. */
async function timeCase(
  gpu: Gpu,
  one: ProductCase,
  profiles: readonly ProductProfileName[],
  { signal, least = 5, time = timeRuns }: Omit<TimingOptions, 'profiles'>,
): Promise<Map<ProductProfileName, number | string>> {
  const wayOf = (profile: ProductProfileName) => productProfiles[profile][one.form]
  const first = profiles.filter((name, i) => profiles.findIndex(other => wayOf(other) === wayOf(name)) === i)
  using operands = operandsOf(gpu, one)
  const runs = first.map(profile => ({
    profile,
    times: [] as number[],
    count: 1,
    run() {
      chooseProductProfile(gpu, profile)
      operands.run()
    },
  }))
  const faults = await faultsOf(gpu, runs, operands.c, one)
  const sound = runs.filter((_, i) => faults[i] === null)
  const measured = async ({ run, count }: (typeof runs)[number]) => {
    signal?.throwIfAborted()
    return time(gpu, run, count)
  }
  for (const contender of sound)
    while ((await measured(contender)) < least && contender.count < RUNS) contender.count *= 2
  for (let round = 0; round < ROUNDS; round++)
    for (const contender of sound) contender.times.push((await measured(contender)) / contender.count)
  const byWay = new Map<string, number | string>(
    runs.map(({ profile, times }, i) => [wayOf(profile), faults[i] ?? median(times)]),
  )
  return new Map(profiles.map(profile => [profile, byWay.get(wayOf(profile))!]))
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** The GPU works off `count` runs that were submitted together. */
async function timeRuns(gpu: Gpu, run: () => void, count: number): Promise<number> {
  await gpu.idle()
  const start = performance.now()
  for (let n = 0; n < count; n++) run()
  await gpu.idle()
  return performance.now() - start
}

interface Operands extends Disposable {
  readonly c: Tensor
  run(): void
}

function operandsOf(gpu: Gpu, { layout, M, N, K }: ProductCase): Operands {
  const a = gpu.tensor(layout === 'tn' ? [K, M] : [M, K], noise(M * K, 1))
  const b = gpu.tensor(layout === 'nt' ? [N, K] : [K, N], noise(N * K, 2))
  const c = gpu.empty([M, N])
  const matmul = { nt: matmulNt, nn: matmulNn, tn: matmulTn }[layout]
  return {
    c,
    run: () => matmul(gpu, a, b, c),
    [Symbol.dispose]() {
      for (const tensor of [a, b, c]) tensor[Symbol.dispose]()
    },
  }
}

/** Values from -1 to 1, by a linear congruential generator (Knuth, TAOCP 2, 3.3.4, line 26). */
function noise(length: number, seed: number): Float32Array {
  const values = new Float32Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    values[i] = state / 2 ** 31
  }
  return values
}

/** Rows of a result that are compared: some whole tiles of the largest, and the tail. */
const COMPARED = 256

/** Why runs cannot be used; null for those that can. The first is the reference. */
async function faultsOf(
  gpu: Gpu,
  runs: readonly { readonly profile: ProductProfileName; run(): void }[],
  c: Tensor,
  { layout, M, N, K }: ProductCase,
): Promise<(string | null)[]> {
  // Tensors' parts begin at 256 bytes, which 64 rows of any length are a multiple of.
  const compared = c.rows(Math.floor(Math.max(0, M - COMPARED) / 64) * 64, M)
  const results = await Promise.all(
    runs.map(({ run }) =>
      scoped(gpu, () => {
        gpu.clear(c)
        run()
        return gpu.read(compared)
      }),
    ),
  )
  const [reference] = results
  if (!(reference instanceof Float32Array))
    throw new GpuError(`${gpu.adapterName}: refuses a product without any feature: ${reference}`)
  // Sums of K values within 1 round to some 1e-8 K; a device that multiplies in half floats errs by 1e-5 K.
  const bound = 1e-6 * K
  return results.map(got => {
    if (typeof got === 'string') return got
    const at = got.findIndex((value, i) => !(Math.abs(value - reference[i]!) <= bound))
    const where = `${layout} [${M}, ${K}] x [${K}, ${N}]`
    return at < 0 ? null : `${where}: got ${got[at]}, and ${reference[at]} by ${REFERENCE}`
  })
}

/** What `body` gives, or what the device has against it; that does no harm to what follows. */
async function scoped<T>(gpu: Gpu, body: () => Promise<T>): Promise<T | string> {
  gpu.submit()
  const filters = ['validation', 'out-of-memory', 'internal'] as const
  for (const filter of filters) gpu.device.pushErrorScope(filter)
  const result = body()
  const errors = await Promise.all(filters.map(() => gpu.device.popErrorScope()))
  const value = await result
  return errors.find(error => error !== null)?.message ?? value
}
