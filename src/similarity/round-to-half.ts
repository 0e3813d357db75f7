/** From here on fp16 has only infinity. */
const OVERFLOW = 65520
/** The smallest normal fp16 number: adapters may flush smaller ones. */
const SMALLEST = 2 ** -14

/**
 * Rounds values to fp16 in place: to the nearest, ties to even; to zero below 2⁻¹⁴, and to infinity from
 * 65520 on. The host does it, because adapters may round either way.
 */
export function roundToHalf(values: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!
    const size = Math.abs(v)
    if (size < SMALLEST) values[i] = 0
    else if (size >= OVERFLOW) values[i] = v > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    else if (size < OVERFLOW) bits[i] = ((bits[i]! + 0xfff + ((bits[i]! >>> 13) & 1)) & 0xffffe000) >>> 0
  }
}
