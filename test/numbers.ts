import { expect } from 'vitest'

export { noise } from './noise'

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
