import { test as base } from 'vitest'
import type { Gpu } from '../src/gpu/gpu'
import { openGpu } from '../src/gpu/open-gpu'
import { chooseProductProfile, type ProductProfileName, productProfiles } from '../src/ops/product-profiles'

/** The optional features of the tests' device: with `TABTUNE_FEATURES=none` in the environment none, else the adapter's. */
export const features = import.meta.env.VITE_TABTUNE_FEATURES === 'none' ? 'none' : 'adapter'

/** The profile by which the tests' device computes products: that of `TABTUNE_PROFILE`, else what suits the device. */
const profile: string = import.meta.env.VITE_TABTUNE_PROFILE
if (profile !== '' && !Object.hasOwn(productProfiles, profile))
  throw new Error(`TABTUNE_PROFILE=${profile}: expected ${Object.keys(productProfiles).join(', ')}`)

/**
 * `test` with a device that the file's tests share, so that each pipeline is compiled once.
 * Default limits: a developer's GPU must not hide a violation.
 * Without an adapter the tests fail; any WebGPU error fails the test that caused it.
 */
export const test = base.extend<{ checked: undefined; gpu: Gpu }>({
  gpu: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads a fixture's dependencies from this pattern
    async ({}, use) => {
      const gpu = await openGpu({ limits: 'default', features })
      if (profile !== '') chooseProductProfile(gpu, profile as ProductProfileName)
      await use(gpu)
      gpu[Symbol.dispose]()
    },
    { scope: 'file' },
  ],
  checked: [
    async ({ gpu }, use) => {
      await use(undefined)
      await gpu.idle()
    },
    { auto: true },
  ],
})
