interface Sizes {
  readonly H: number
  readonly D: number
  readonly theta: number
}

/**
 * Rotary position embedding in double precision, x [T, H, D], as transformers' Llama writes it:
 * x·cos + rotate_half(x)·sin with rotate_half(x) = concat(−x₂, x₁) of the halves of a head.
 */
export function rope(
  x: ArrayLike<number>,
  positions: ArrayLike<number>,
  { H, D, theta }: Sizes,
  direction: 1 | -1 = 1,
): Float64Array {
  const half = D / 2
  return Float64Array.from(x, (v, i) => {
    const d = i % D
    const frequency = 1 / theta ** ((2 * (d % half)) / D)
    const angle = direction * positions[Math.floor(i / (H * D))]! * frequency
    const rotated = d < half ? -x[i + half]! : x[i - half]!
    return v * Math.cos(angle) + rotated * Math.sin(angle)
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
