/** Columns of x [N, S] in equal parts, one after the other. */
export function split(x: ArrayLike<number>, S: number, parts: number): Float64Array[] {
  const C = S / parts
  return Array.from({ length: parts }, (_, p) =>
    Float64Array.from({ length: x.length / parts }, (_, i) => x[Math.floor(i / C) * S + p * C + (i % C)]!),
  )
}
