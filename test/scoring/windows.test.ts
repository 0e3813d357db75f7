import { expect, test } from 'vitest'
import { inWindows } from '../../src/scoring/windows'

const items = Array.from({ length: 2500 }, (_, i) => i)

test('runs over all items in order, at most 1024 at a time, and tells the progress of all', async () => {
  const sizes: number[] = []
  const seen: number[] = []
  const onProgress = (fraction: number) => seen.push(fraction)
  const results = await inWindows(items, { onProgress }, async (window, options) => {
    sizes.push(window.length)
    options.onProgress?.(0.5)
    return window.map(i => 2 * i)
  })
  expect(results).toEqual(items.map(i => 2 * i))
  expect(sizes).toEqual([1024, 1024, 452])
  expect(seen).toEqual([512, 1024, 1536, 2048, 2274, 2500].map(n => n / 2500))
})

test('stops between windows', async () => {
  const stop = new AbortController()
  let windows = 0
  const running = inWindows(items, { signal: stop.signal }, async window => {
    windows++
    stop.abort(new Error('enough'))
    return window
  })
  await expect(running).rejects.toThrow('enough')
  expect(windows).toBe(1)
})
