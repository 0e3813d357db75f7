import { expect } from 'vitest'
import { measurePeaks, peakCopy, peakFma } from '../../src/gpu/peaks'
import { test } from '../gpu'
import { expectSame, noise } from '../numbers'

test('the loop does as many multiply-adds as it says', async ({ gpu }) => {
  using y = gpu.empty([67])
  gpu.run(peakFma, { y }, { rounds: 5, factor: 0.25 })
  const want = Float32Array.from({ length: 67 }, (_, n) => {
    let sum = 0
    for (let chain = 0; chain < 8; chain++) {
      for (const part of [0, 0.25, 0.5, 0.75]) {
        let a = (n & 7) + part + chain
        for (let round = 0; round < 5; round++) a = a * 0.25 + 0.5
        sum += a
      }
    }
    return sum
  })
  // Every value is a multiple of 2⁻¹² below 2⁷, so f32 is exact.
  expectSame(await gpu.read(y), want)
  expect(peakFma.cost!({ N: 67, rounds: 5, factor: 0.25 }).flops).toBe(67 * 32 * 5 * 2)
})

test('the copy copies', async ({ gpu }) => {
  using x = gpu.tensor([260], noise(260))
  using y = gpu.empty([260])
  gpu.run(peakCopy, { x, y }, {})
  expectSame(await gpu.read(y), noise(260))
})

test('peaks are finite rates, and leave no memory behind', async ({ gpu }) => {
  await gpu.idle()
  gpu.trim()
  const { allocated } = gpu.memory
  const { flopsPerSecond, bytesPerSecond } = await measurePeaks(gpu, { milliseconds: 0, bytes: 2 ** 17 })
  expect(flopsPerSecond).toBeGreaterThan(0)
  expect(bytesPerSecond).toBeGreaterThan(0)
  expect(Number.isFinite(flopsPerSecond + bytesPerSecond)).toBe(true)
  gpu.trim()
  // Parameters of dispatches may have taken their buffer meanwhile.
  expect(gpu.memory.allocated - allocated).toBeLessThanOrEqual(65536)
})
