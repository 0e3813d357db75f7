/** Terms of the series: at |z| ≤ 3 − √8 the next is below 2^-64 of the sum. */
const TERMS = 13

/**
 * ln x of a finite x above 0, to about 2^-52 of the result; a RangeError for any other x. It adds, multiplies and divides only, which IEEE 754
 * fixes to the bit; `Math.log` may differ between engines, and so would choices that hang on it.
 *
 * x = m · 2^e with √½ ≤ m < √2, and ln m = 2 artanh z with z = (m − 1) / (m + 1).
 */
export function naturalLog(x: number): number {
  if (!(x > 0 && x < Infinity))
    throw new RangeError(`naturalLog: x is ${x}, expected a finite number above 0`)
  let m = x
  let e = 0
  for (; m >= Math.SQRT2; e++) m /= 2
  for (; m < Math.SQRT1_2; e--) m *= 2
  const z = (m - 1) / (m + 1)
  const square = z * z
  let sum = 0
  for (let k = 2 * TERMS - 1; k > 0; k -= 2) sum = sum * square + 1 / k
  return e * Math.LN2 + 2 * z * sum
}
