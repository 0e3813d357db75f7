import { gelu, geluBackward } from './gelu'

/** gelu(gate)·up in double precision, with gelu's tanh form. */
export function geglu(gate: ArrayLike<number>, up: ArrayLike<number>): Float64Array {
  return gelu(gate, 'tanh').map((g, i) => g * up[i]!)
}

/** Gradients of Σ dy·geglu(gate, up). */
export function gegluBackward(gate: ArrayLike<number>, up: ArrayLike<number>, dy: ArrayLike<number>) {
  return {
    dgate: geluBackward(gate, dy, 'tanh').map((slope, i) => slope * up[i]!),
    dup: gelu(gate, 'tanh').map((g, i) => g * dy[i]!),
  }
}
