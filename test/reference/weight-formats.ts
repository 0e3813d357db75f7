/** Values of rows as each format stores them, decoded from its words in double precision. */
export function decode(name: string, words: Uint32Array | Float32Array, columns: number): Float64Array {
  if (words instanceof Float32Array) return Float64Array.from(words)
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength)
  if (name === 'f16') {
    return Float64Array.from({ length: words.length * 2 }, (_, i) => half(view.getUint16(2 * i, true)))
  }
  const group = name === 'int8' ? columns : Number(name.split('-')[1])
  const values = name === 'int8' ? columns / 4 : columns / 8
  const W = name === 'int8' ? values + 1 : values + Math.ceil(columns / group / 2)
  return Float64Array.from({ length: (words.length / W) * columns }, (_, i) => {
    const row = Math.floor(i / columns) * W * 4
    const c = i % columns
    if (name === 'int8') return view.getInt8(row + c) * view.getFloat32(row + values * 4, true)
    const nibble = (view.getUint8(row + (c >> 1)) >> (4 * (c & 1))) & 15
    return (nibble - 8) * half(view.getUint16(row + values * 4 + 2 * Math.floor(c / group), true))
  })
}

/** The value of IEEE 754 half bits. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}
