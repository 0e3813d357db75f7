const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const count = (n: number): string => whole.format(n)

/** “1 row”, “3 rows”. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`

export const fixed = (value: number | null, digits: number): string =>
  value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits).replace('-', '−')

export const percent = (share: number): string => `${Math.round(100 * share)} %`

/** A large number to three digits: “135 M”, “1.24 G”. */
export const large = (n: number): string =>
  n < 1e5 ? count(n) : n < 999.5e6 ? `${short(n / 1e6)} M` : `${short(n / 1e9)} G`

const short = (n: number): string => n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0)

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
