/** How the next token is chosen. Temperature 0 takes the most likely one. */
export interface SamplingOptions {
  readonly temperature?: number
  /** The same seed gives the same text on the same adapter. */
  readonly seed?: number
}

/**
 * Chooses a token from logits [V]: the largest (ties: the lowest id) at temperature 0, else from
 * softmax(logits / temperature) by the `step`-th number of the seed's sequence.
 */
export function sampleToken(
  logits: Float32Array,
  step: number,
  { temperature = 0, seed = 0 }: SamplingOptions,
): number {
  let best = 0
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i
  if (temperature <= 0) return best
  const weights = Float64Array.from(logits, z => Math.exp((z - logits[best]!) / temperature))
  let rest = uniform(seed, step) * weights.reduce((a, b) => a + b, 0)
  for (let i = 0; i < weights.length; i++) {
    rest -= weights[i]!
    if (rest < 0) return i
  }
  return best
}

/** A number in [0, 1) from two counters: SplitMix32's finalizer over their combination. */
function uniform(seed: number, step: number): number {
  let h = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(step + 1, 0x9e3779b9)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32
}
