import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { adapterKey } from '../gpu/adapter-info'
import type { Gpu } from '../gpu/gpu'
import { f32 } from './format-f32'
import { linearNn, linearNt, linearTn } from './matmul'
import {
  chooseProductProfile,
  defaultProductProfile,
  type ProductProfileName,
  productProfiles,
} from './product-profiles'
import {
  type DroppedProfile,
  type ProductTimes,
  productCases,
  type TimingOptions,
  timeProducts,
} from './time-products'
import { ofFormat } from './weight-formats'

/** Where what was found to suit an adapter is kept. What it gives back is checked, so it may lose or damage it. */
export interface TuningCache {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
}

export interface TuneOptions {
  /** Default: none, so that every call measures. */
  readonly cache?: TuningCache | undefined
  readonly signal?: AbortSignal
  /** Told the share from 0 to 1, only where it is really measured. */
  readonly onProgress?: (fraction: number) => void
}

/** What a device computes products by, from now on. */
export interface Tuning {
  readonly profile: ProductProfileName
  /** `default` on software adapters, which are never timed. */
  readonly from: 'default' | 'cache' | 'measured'
  /** Profiles that do not work on this device. */
  readonly dropped: readonly DroppedProfile[]
}

/** Profiles for cards, beside `direct`. All run within WebGPU's default limits. */
const PROFILES = ['small', 'medium', 'large'] as const satisfies readonly ProductProfileName[]

/**
 * Finds the profile by which a device computes products fastest, and chooses it; in under two seconds on most, once for
 * each adapter where there is a cache. Software adapters keep their default. Call it before anything is computed:
 * results of different profiles differ by rounding.
 *
 * @throws what `signal` was aborted with; the device keeps the profile it had
 * @throws {GpuError} if the device cannot compute products at all
 */
export const tuneGpu = (gpu: Gpu, options: TuneOptions = {}): Promise<Tuning> =>
  tuneProducts(gpu, options, { profiles: PROFILES })

/** As `tuneGpu`, by some of the profiles and cases. */
export async function tuneProducts(
  gpu: Gpu,
  { cache, signal, onProgress }: TuneOptions,
  timing: TimingOptions,
): Promise<Tuning> {
  const usual = defaultProductProfile(gpu)
  if (gpu.software) {
    chooseProductProfile(gpu, usual)
    return { profile: usual, from: 'default', dropped: [] }
  }
  const key = tuningKey(gpu)
  // A cache that cannot be read or written costs time, and no result depends on it.
  const found = await cache?.get(key).catch(() => undefined)
  const kept = (['direct', ...PROFILES] as const).find(name => name === found)
  if (kept) {
    chooseProductProfile(gpu, kept)
    return { profile: kept, from: 'cache', dropped: [] }
  }
  const { times, dropped } = await timeProducts(gpu, { ...timing, signal, onProgress })
  gpu.trim()
  const profile = fastest(times, usual)
  chooseProductProfile(gpu, profile)
  await cache?.set(key, profile).catch(() => {})
  return { profile, from: 'measured', dropped }
}

/** By how much another profile must be faster than the usual one: measurements scatter, and should not decide. */
const MARGIN = 1.05

/** The profile with the least geometric mean of its times. */
function fastest(times: ProductTimes['times'], usual: ProductProfileName): ProductProfileName {
  const means = [...times].map(([name, of]) => {
    const mean = Math.exp(of.reduce((sum, ms) => sum + Math.log(ms), 0) / of.length)
    return { name, mean: name === usual ? mean / MARGIN : mean }
  })
  return means.reduce((a, b) => (b.mean < a.mean ? b : a)).name
}

/** Differs where the adapter does, and where the kernels or what they are timed at do. */
export const tuningKey = (gpu: Gpu): string => `${adapterKey(gpu.adapter)}|${kernelsDigest()}`

let digest: string | null = null

function kernelsDigest(): string {
  if (digest) return digest
  const products = [ofFormat(linearNt, f32, 4), ofFormat(linearNn, f32, 4), ofFormat(linearTn, f32, 4)]
  const kernels = products.map(ways =>
    [...ways].map(([way, { code, overrides }]) => ({ way, code, overrides })),
  )
  digest = bytesToHex(sha256(utf8ToBytes(JSON.stringify([productProfiles, productCases, kernels])))).slice(
    0,
    16,
  )
  return digest
}
