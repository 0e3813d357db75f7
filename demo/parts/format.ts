const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const count = (n: number): string => whole.format(n)

/** “1 row”, “3 rows”. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`

export const fixed = (value: number | null, digits: number): string =>
  value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits).replace('-', '−')

/** To four digits; very small and very large ones with a power of ten; a dash for what is not there. */
export function short(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  const text =
    size >= 1000 && size < 1e6
      ? count(value)
      : size !== 0 && (size < 1e-3 || size >= 1e6)
        ? value.toExponential(2).replace(/\.?0+e/, 'e')
        : Number.isInteger(value)
          ? count(value)
          : value.toPrecision(size < 1 ? 3 : 4)
  return text.replaceAll('-', '−').replace('e+', 'e')
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`

/** A large number to three digits: “135 M”, “1.24 G”. */
export const large = (n: number): string =>
  n < 1e5 ? count(n) : n < 999.5e6 ? `${threeDigits(n / 1e6)} M` : `${threeDigits(n / 1e9)} G`

const threeDigits = (n: number): string => n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0)

export function bytes(n: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB']
  let value = n
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? counted(n, 'byte') : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}

export function duration(seconds: number): string {
  if (seconds < 1) return 'under 1 s'
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${(seconds / 3600).toFixed(1)} h`
}
