let bitsOfF16: Uint32Array<ArrayBuffer> | undefined

/** IEEE 754 half precision → single precision, exactly; the payload of a NaN is kept. */
export function f16ToF32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  bitsOfF16 ??= Uint32Array.from({ length: 0x10000 }, (_, half) => f16Bits(half))
  // Written as integers: a NaN that passes through a number may lose its payload.
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) bits[i] = bitsOfF16[halves[i]!]!
  return new Float32Array(bits.buffer)
}

/** bfloat16 → single precision: the upper half of its bits. */
export function bf16ToF32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length)
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16
  return new Float32Array(bits.buffer)
}

/** Single precision → bfloat16: the nearest, ties to even; beyond the largest one infinity. A NaN stays one. */
export function f32ToBf16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(bits, whole => {
    if ((whole & 0x7fffffff) > 0x7f800000) return (whole >>> 16) | 0x40
    return (whole + 0x7fff + ((whole >>> 16) & 1)) >>> 16
  })
}

/** The single-precision bits of one half: 5 bits of exponent with bias 15 become 8 with bias 127. */
function f16Bits(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13)
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  // A subnormal half is normal in single precision: its leading one moves to the hidden place.
  const shift = Math.clz32(fraction) - 21
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)
}
