import { layoutJson } from './json-layout'

/** The power of ten that a JSON number stands for: its digits without zeros around them, and its exponent. */
function powerOf(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(number) ?? []
  const digits = whole + fraction
  let from = 0
  while (digits[from] === '0') from++
  let to = digits.length
  while (to > from && digits[to - 1] === '0') to--
  // 0 and -0 are the same.
  return from === to
    ? '0'
    : `${sign}${digits.slice(from, to)}e${Number(exponent) - fraction.length + digits.length - to}`
}

function isLost(number: string): boolean {
  const double = Number(number)
  if (!Number.isFinite(double)) return true
  const power = powerOf(number)
  if (power === powerOf(String(double))) return false
  // Some writers give a double more digits than it needs to be told from all others: 0.1000000000000000056.
  const digits = power.replace(/^-|e.*$/g, '').length
  return !number.includes('.') || digits > 100 || power !== powerOf(double.toPrecision(digits))
}

/** The first number in a JSON text, outside of its strings, that is not the double nearest to it. */
export function lostNumber(text: string): string | undefined {
  const numbers = layoutJson(text, 0)
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .match(/-?\d[\d.eE+-]*/g)
  // A double holds any number of 15 digits.
  return numbers?.find(number => (number.length > 15 || /e/i.test(number)) && isLost(number))
}
