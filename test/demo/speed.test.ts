import { expect, test } from 'vitest'
import { Speed } from '../../demo/parts/speed'

test('a speed is that of the last seconds, not of the whole time', () => {
  const speed = new Speed()
  expect(speed.add(5000, 0)).toBe(null)
  expect(speed.add(5100, 500)).toBe(null)
  expect(speed.add(5200, 1000)).toBe(200)
  let bytes = 5200
  let last: number | null = null
  for (let time = 1500; time <= 20_000; time += 500) {
    bytes += 5000
    last = speed.add(bytes, time)
  }
  expect(last).toBe(10_000)
})
