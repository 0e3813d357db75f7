import { test as base } from 'vitest'
import type { Gpu } from '../src/gpu/gpu'
import { openGpu } from '../src/gpu/open-gpu'

/** The optional features of the tests' device: with `TABTUNE_FEATURES=none` in the environment none, else the adapter's. */
export const features = import.meta.env.VITE_TABTUNE_FEATURES === 'none' ? 'none' : 'adapter'

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
