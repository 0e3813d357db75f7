import { expect } from 'vitest'

/** Reproducible numbers in (−1, 1): a 32-bit hash of the index and the seed. */
export function noise(length: number, seed = 1, scale = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    let h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
    return (((h ^ (h >>> 15)) >>> 0) / 2 ** 31 - 1) * scale
  })
}

/** Asserts |got − want| ≤ atol + rtol·|want| everywhere, and names the worst place. */
export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { atol, rtol }: { atol: number; rtol: number },
): void {
  expect(got.length).toBe(want.length)
  let worst = 0
  let at = -1
  for (let i = 0; i < want.length; i++) {
    const excess = Math.abs(got[i]! - want[i]!) / (atol + rtol * Math.abs(want[i]!))
    if (!(excess <= worst)) [worst, at] = [excess, i]
  }
  expect(worst, `element ${at}: got ${got[at]}, want ${want[at]}`).toBeLessThanOrEqual(1)
}

/** Asserts equal values, as `toEqual` does, but in no time for millions of them. */
export function expectSame(got: ArrayLike<number>, want: ArrayLike<number>): void {
  expect(got.length).toBe(want.length)
  let at = 0
  while (at < want.length && Object.is(got[at], want[at])) at++
  if (at < want.length) expect(got[at], `element ${at}`).toBe(want[at])
}
