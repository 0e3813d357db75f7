/** Rows `ids` of w [V, C] in double precision. */
export function embedding(ids: ArrayLike<number>, w: ArrayLike<number>, C: number): Float64Array {
  return Float64Array.from({ length: ids.length * C }, (_, i) => w[ids[Math.floor(i / C)]! * C + (i % C)]!)
}

/** Gradient of Σ dy·embedding(ids, w) by w [V, C]. */
export function embeddingBackward(
  ids: ArrayLike<number>,
  dy: ArrayLike<number>,
  { V, C }: { V: number; C: number },
): Float64Array {
  const dw = new Float64Array(V * C)
  for (let t = 0; t < ids.length; t++) for (let c = 0; c < C; c++) dw[ids[t]! * C + c]! += dy[t * C + c]!
  return dw
}
