const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** A whole number with separators: “12,345”. */
export const count = (n: number): string => whole.format(n)

/** “1 step”, “3 steps”. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`

/** To four digits; very small and very large ones with a power of ten; a dash for what is not there. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e6) return minus(count(value))
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return minus(value.toExponential(2).replace(/\.?0+e/, 'e'))
  if (size < 1) return minus(value.toPrecision(3))
  return minus(size >= 1000 ? count(value) : value.toPrecision(4).replace(/\.?0+$/, ''))
}

/** With its sign: “+0.12”. */
export const change = (value: number | null): string =>
  value !== null && value > 0 ? `+${short(value)}` : short(value)

export const percent = (share: number): string =>
  minus(`${(100 * share).toFixed(1).replace(/\.0$/, '')}\u00a0%`)

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${(seconds / 3600).toFixed(1)} h`
}

const minus = (text: string): string => text.replaceAll('-', '−').replace('e+', 'e')
