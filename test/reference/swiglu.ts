const sigmoid = (g: number) => 1 / (1 + Math.exp(-g))

/** silu(gate)·up in double precision. */
export function swiglu(gate: ArrayLike<number>, up: ArrayLike<number>): Float64Array {
  return Float64Array.from(gate, (g, i) => g * sigmoid(g) * up[i]!)
}

/** Gradients of Σ dy·swiglu(gate, up). */
export function swigluBackward(gate: ArrayLike<number>, up: ArrayLike<number>, dy: ArrayLike<number>) {
  return {
    dgate: Float64Array.from(gate, (g, i) => {
      const s = sigmoid(g)
      return dy[i]! * up[i]! * (s + g * s * sigmoid(-g))
    }),
    dup: Float64Array.from(gate, (g, i) => dy[i]! * g * sigmoid(g)),
  }
}
