import { matmul } from './matmul'

interface Sizes {
  readonly N: number
  readonly I: number
  readonly O: number
  readonly R: number
}

type Values = ArrayLike<number>

/** x·(w + scale·b·a)ᵀ, by forming the changed weight: x [N, I], w [O, I], a [R, I], b [O, R]. */
export function lora(x: Values, w: Values, a: Values, b: Values, scale: number, s: Sizes): Float64Array {
  return matmul('nt', x, changed(w, a, b, scale, s), { M: s.N, N: s.O, K: s.I })
}

/** ∂ Σ dy·y by each input: those of the changed weight, led back to its parts. */
export function loraBackward(
  x: Values,
  w: Values,
  a: Values,
  b: Values,
  scale: number,
  dy: Values,
  s: Sizes,
): { x: Float64Array; w: Float64Array; a: Float64Array; b: Float64Array } {
  const dw = matmul('tn', dy, x, { M: s.O, N: s.I, K: s.N })
  const scaled = dw.map(value => value * scale)
  return {
    x: matmul('nn', dy, changed(w, a, b, scale, s), { M: s.N, N: s.I, K: s.O }),
    w: dw,
    a: matmul('tn', b, scaled, { M: s.R, N: s.I, K: s.O }),
    b: matmul('nt', scaled, a, { M: s.O, N: s.R, K: s.I }),
  }
}

const changed = (w: Values, a: Values, b: Values, scale: number, s: Sizes) =>
  matmul('nn', b, a, { M: s.O, N: s.I, K: s.R }).map((value, i) => w[i]! + scale * value)
