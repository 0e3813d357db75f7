import { expect } from 'vitest'

/**
 * Asserts that `gradient` is ∂/∂x Σ dy·f(x), by central differences in double precision.
 *
 * With a step of 1e-5 the formula is off by about 1e-10 times the third derivative, and rounding by 1e-11,
 * so 1e-7 of the largest entry leaves room for the sharpest function here and none for a wrong term.
 */
export function expectGradient(
  f: (x: Float64Array) => ArrayLike<number>,
  x: Float64Array,
  dy: ArrayLike<number>,
  gradient: ArrayLike<number>,
): void {
  const objective = (at: Float64Array) => Array.from(f(at)).reduce((sum, y, i) => sum + dy[i]! * y, 0)
  const step = 1e-5
  const scale = Math.max(1, ...Array.from(gradient, Math.abs))
  expect(gradient.length).toBe(x.length)
  for (let i = 0; i < x.length; i++) {
    const up = Float64Array.from(x)
    const down = Float64Array.from(x)
    up[i]! += step
    down[i]! -= step
    const slope = (objective(up) - objective(down)) / (2 * step)
    const off = Math.abs(slope - gradient[i]!) / scale
    expect(off, `element ${i}: analytic ${gradient[i]}, numeric ${slope}`).toBeLessThan(1e-7)
  }
}
