export type Approximation = 'none' | 'tanh'

/**
 * The normal distribution's cumulative function (1 + erf(x/√2)) / 2 in double precision. Up to |x| = 3 from the series
 * erf(z) = 2/√π · exp(−z²) Σ 2ⁿ z²ⁿ⁺¹ / (1·3·…·(2n+1)), which has no cancellation; beyond, where it would lose the tail's
 * digits, from the continued fraction of the tail. Abramowitz and Stegun, 7.1.6 and 26.2.14.
 */
function cumulative(x: number): number {
  const a = Math.abs(x)
  const density = Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI)
  if (a < 3) {
    let term = a
    let sum = a
    for (let n = 1; n < 80; n++) {
      term *= (a * a) / (2 * n + 1)
      sum += term
    }
    return 0.5 + Math.sign(x) * density * sum
  }
  let fraction = 0
  for (let n = 200; n > 0; n--) fraction = n / (a + fraction)
  const tail = density / (a + fraction)
  return x < 0 ? tail : 1 - tail
}

/** gelu(x) and its slope in double precision, as `torch.nn.functional.gelu` defines both forms. */
function both(x: number, approximate: Approximation): { readonly y: number; readonly slope: number } {
  if (approximate === 'none') {
    const p = cumulative(x)
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
    return { y: x * p, slope: p + (density === 0 ? 0 : x * density) }
  }
  // (1 + tanh(u)) / 2 = 1 / (1 + exp(−2u)): tanh itself loses the digits of the tail.
  const k = Math.sqrt(2 / Math.PI)
  const p = 1 / (1 + Math.exp(-2 * k * (x + 0.044715 * x ** 3)))
  const q = 1 / (1 + Math.exp(2 * k * (x + 0.044715 * x ** 3)))
  const within = p * q === 0 ? 0 : x * p * q * 2 * k * (1 + 3 * 0.044715 * x * x)
  return { y: p === 0 ? 0 : x * p, slope: p + within }
}

export function gelu(x: ArrayLike<number>, approximate: Approximation): Float64Array {
  return Float64Array.from(x, v => both(v, approximate).y)
}

/** Gradient of Σ dy·gelu(x). */
export function geluBackward(x: ArrayLike<number>, dy: ArrayLike<number>, approximate: Approximation) {
  return Float64Array.from(x, (v, i) => dy[i]! * both(v, approximate).slope)
}
