/** Rows `index` of x [N, C], zeros where there is no such row. */
export function gather(
  x: ArrayLike<number>,
  index: ArrayLike<number>,
  { N, C }: { N: number; C: number },
): Float64Array {
  return Float64Array.from({ length: index.length * C }, (_, i) => {
    const n = index[Math.floor(i / C)]!
    return n < N ? x[n * C + (i % C)]! : 0
  })
}

/** Gradient of Σ dy·gather(x, index) by x [N, C]. */
export function gatherBackward(
  dy: ArrayLike<number>,
  index: ArrayLike<number>,
  { N, C }: { N: number; C: number },
): Float64Array {
  const dx = new Float64Array(N * C)
  for (let r = 0; r < index.length; r++)
    for (let c = 0; c < C; c++) if (index[r]! < N) dx[index[r]! * C + c]! += dy[r * C + c]!
  return dx
}
