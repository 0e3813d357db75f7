import { matmul } from './matmul'

interface Sizes {
  readonly N: number
  readonly I: number
  readonly O: number
  readonly R: number
}

type Values = ArrayLike<number>

export interface DoraInputs {
  readonly x: Values
  readonly w: Values
  readonly a: Values
  readonly b: Values
  readonly magnitude: Values
  readonly scale: number
  /** What x is multiplied by where the adapter sees it; null for ones. */
  readonly mask: Values | null
}

/** w + scale·b·a [O, I]. */
const changed = ({ w, a, b, scale }: DoraInputs, s: Sizes) =>
  matmul('nn', b, a, { M: s.O, N: s.I, K: s.R }).map((value, i) => w[i]! + scale * value)

/** Lengths of the rows of w + scale·b·a, [O]. */
export function changedNorms(given: DoraInputs, s: Sizes): Float64Array {
  const v = changed(given, s)
  return Float64Array.from({ length: s.O }, (_, o) => Math.hypot(...v.subarray(o * s.I, (o + 1) * s.I)))
}

/** x·wᵀ + (mask∘x)·(w′ − w)ᵀ with the rows of w′ those of w + scale·b·a times magnitude / norms. */
export function dora(given: DoraInputs, s: Sizes, norms: Values = changedNorms(given, s)): Float64Array {
  const { x, w, magnitude, mask } = given
  const product = { M: s.N, N: s.O, K: s.I }
  const seen = Float64Array.from({ length: s.N * s.I }, (_, i) => x[i]! * (mask?.[i] ?? 1))
  const more = changed(given, s).map((value, i) => {
    const o = Math.floor(i / s.I)
    return (magnitude[o]! / norms[o]!) * value - w[i]!
  })
  const change = matmul('nt', seen, more, product)
  return matmul('nt', x, w, product).map((value, i) => value + change[i]!)
}

/** ∂ Σ dy·y by each input, the norms held. */
export function doraBackward(given: DoraInputs, dy: Values, s: Sizes) {
  const { x, w, a, b, magnitude, scale, mask } = given
  const norms = changedNorms(given, s)
  const v = changed(given, s)
  const seen = Float64Array.from({ length: s.N * s.I }, (_, i) => x[i]! * (mask?.[i] ?? 1))
  const ratio = (o: number) => magnitude[o]! / norms[o]!
  // The gradients of w′ − w, and of w where x sees it whole.
  const dmore = matmul('tn', dy, seen, { M: s.O, N: s.I, K: s.N })
  const dwhole = matmul('tn', dy, x, { M: s.O, N: s.I, K: s.N })
  const dv = dmore.map((value, i) => ratio(Math.floor(i / s.I)) * value)
  const scaled = dv.map(value => scale * value)
  const more = v.map((value, i) => ratio(Math.floor(i / s.I)) * value - w[i]!)
  const dseen = matmul('nn', dy, more, { M: s.N, N: s.I, K: s.O })
  return {
    x: matmul('nn', dy, w, { M: s.N, N: s.I, K: s.O }).map(
      (value, i) => value + dseen[i]! * (mask?.[i] ?? 1),
    ),
    w: dv.map((value, i) => value + dwhole[i]! - dmore[i]!),
    a: matmul('tn', b, scaled, { M: s.R, N: s.I, K: s.O }),
    b: matmul('nt', scaled, a, { M: s.O, N: s.R, K: s.I }),
    magnitude: Float64Array.from({ length: s.O }, (_, o) => {
      let sum = 0
      for (let i = o * s.I; i < (o + 1) * s.I; i++) sum += dmore[i]! * v[i]!
      return sum / norms[o]!
    }),
  }
}
