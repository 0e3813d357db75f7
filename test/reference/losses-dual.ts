/** A number and its slopes by two variables: the policy's sums of a chosen and of a rejected answer. */
export interface Dual {
  readonly value: number
  readonly slopes: readonly [number, number]
}

export const constant = (value: number): Dual => ({ value, slopes: [0, 0] })

/** A function of one dual, from its value and its slope there. */
const chain = (x: Dual, value: number, slope: number): Dual => ({
  value,
  // A slope that is 0 stays 0 where what it is multiplied by has no bound.
  slopes: x.slopes.map(s => (s === 0 || slope === 0 ? 0 : s * slope)) as [number, number],
})

export const add = (...xs: readonly Dual[]): Dual => ({
  value: xs.reduce((sum, x) => sum + x.value, 0),
  slopes: [0, 1].map(k => xs.reduce((sum, x) => sum + x.slopes[k]!, 0)) as [number, number],
})

export const scale = (x: Dual, factor: number): Dual => chain(x, x.value * factor, factor)
export const sub = (x: Dual, y: Dual): Dual => add(x, scale(y, -1))
export const plus = (x: Dual, c: number): Dual => chain(x, x.value + c, 1)
export const square = (x: Dual): Dual => chain(x, x.value * x.value, 2 * x.value)
export const relu = (x: Dual): Dual => chain(x, Math.max(x.value, 0), x.value > 0 ? 1 : 0)

export const mul = (x: Dual, y: Dual): Dual => ({
  value: x.value * y.value,
  slopes: [0, 1].map(k => x.slopes[k]! * y.value + x.value * y.slopes[k]!) as [number, number],
})

export const sigmoidOf = (h: number) => (h >= 0 ? 1 / (1 + Math.exp(-h)) : Math.exp(h) / (1 + Math.exp(h)))

/** log(1 + exp(h)), of any size. */
export const softplusOf = (h: number) => Math.max(h, 0) + Math.log1p(Math.exp(-Math.abs(h)))

export const sigmoid = (x: Dual): Dual => {
  const s = sigmoidOf(x.value)
  return chain(x, s, s * sigmoidOf(-x.value))
}

/** −log σ(x) */
export const negLogSigmoid = (x: Dual): Dual => chain(x, softplusOf(-x.value), -sigmoidOf(-x.value))

/** (e^(power·x) − 1) / power, its exponent stopped at 80; x where power is 0. */
export const powerScore = (x: Dual, power: number): Dual => {
  if (power === 0) return x
  const exponent = power * x.value
  const value = Math.expm1(Math.min(exponent, 80)) / power
  return chain(x, value, exponent > 80 ? 0 : Math.exp(exponent))
}

/** e^−x·σ(x / τ): the exponents joined, stopped at 80. */
export const risingExponential = (x: Dual, tau: number): Dual => {
  const exponent = x.value >= 0 ? -x.value : x.value / tau - x.value
  const value = Math.exp(Math.min(exponent, 80)) / (1 + Math.exp(-Math.abs(x.value) / tau))
  return chain(x, value, value * (sigmoidOf(-x.value / tau) / tau - 1))
}

/** x − log(1 − eˣ), x kept at −1e-6 or below. */
export const logOdds = (x: Dual): Dual => {
  const at = Math.min(x.value, -1e-6)
  const rest = -Math.expm1(at)
  return chain(x, at - Math.log(rest), x.value > at ? 0 : 1 / rest)
}
