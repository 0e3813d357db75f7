interface Sizes {
  readonly H: number
  readonly D: number
  /** Radians a position. */
  readonly frequencies: ArrayLike<number>
  readonly scale?: number
}

/**
 * Rotary position embedding in double precision, x [T, H, D], as transformers' GPT-NeoX writes it:
 * the first values of a head become x·cos + rotate_half(x)·sin with rotate_half(x) = concat(−x₂, x₁) of the
 * halves, the rest of the head stays.
 */
export function rope(
  x: ArrayLike<number>,
  positions: ArrayLike<number>,
  { H, D, frequencies, scale = 1 }: Sizes,
  direction: 1 | -1 = 1,
): Float64Array {
  const half = frequencies.length
  return Float64Array.from({ length: x.length }, (_, i) => {
    const d = i % D
    if (d >= 2 * half) return x[i]!
    const angle = direction * positions[Math.floor(i / (H * D))]! * frequencies[d % half]!
    const rotated = d < half ? -x[i + half]! : x[i - half]!
    return scale * (x[i]! * Math.cos(angle) + rotated * Math.sin(angle))
  })
}

/** Gradient of Σ dy·rope(x): the rotation back. */
export function ropeBackward(
  dy: ArrayLike<number>,
  positions: ArrayLike<number>,
  sizes: Sizes,
): Float64Array {
  return rope(dy, positions, sizes, -1)
}
