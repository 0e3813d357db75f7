import { gumbel } from './random-key'

export interface State {
  mean: number
  deviation: number
}

export const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
export const deviationOf = (values: readonly number[]) =>
  values.length < 2
    ? 0
    : Math.sqrt(values.reduce((sum, v) => sum + (v - meanOf(values)) ** 2, 0) / (values.length - 1))

/** One batch of β-DPO in the order of its paper: averages, weights, draw, β. */
export function betaDpo(
  margins: readonly number[],
  state: State,
  {
    beta,
    scale,
    percent,
    momentum,
    uniforms,
    least = 0,
  }: {
    beta: number
    scale: number
    percent: number
    momentum: number
    uniforms: readonly number[]
    /** Pairs that are drawn of any batch. */
    least?: number
  },
) {
  const mean = momentum * state.mean + (1 - momentum) * meanOf(margins)
  const deviation = momentum * state.deviation + (1 - momentum) * deviationOf(margins)
  const weights = margins.map(margin =>
    deviation > 0 ? Math.exp(-0.5 * ((margin - mean) / deviation) ** 2) : Number(margin === mean),
  )
  // Drawn one by one: the largest noisy logarithm of those that are left.
  const noisy = margins.map((margin, i) => {
    const log = deviation > 0 ? -0.5 * ((margin - mean) / deviation) ** 2 : margin === mean ? 0 : -Infinity
    return log + gumbel(uniforms[i]!)
  })
  const left = new Set(margins.keys())
  const count = Math.max(least, Math.floor(((100 - percent) * margins.length) / 100))
  const kept: number[] = []
  while (kept.length < count) {
    let best = [...left][0]!
    for (const i of left) if (noisy[i]! > noisy[best]!) best = i
    left.delete(best)
    kept.push(best)
  }
  kept.sort((a, b) => a - b)
  const drawn = kept.length > 0 ? meanOf(kept.map(i => margins[i]!)) : mean
  return {
    weights,
    kept,
    beta: Math.max(1e-3, beta * (1 + scale * (drawn - mean))),
    state: { mean, deviation },
  }
}
