/** a + b in double precision. */
export function add(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return Float64Array.from(a, (v, i) => v + b[i]!)
}

/** Gradients of Σ dy·(a + b). */
export function addBackward(dy: ArrayLike<number>) {
  return { da: Float64Array.from(dy), db: Float64Array.from(dy) }
}
