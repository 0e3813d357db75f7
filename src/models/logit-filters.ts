import { GenerationError } from './generation-error'

/** Tokens that may be chosen, by id, and their logits. */
export interface Candidates {
  readonly ids: Uint32Array
  readonly logits: Float64Array
}

/**
 * Makes tokens that occurred less likely: positive logits are divided by `penalty`, others multiplied, once for each
 * token. Keskar et al., CTRL, https://arxiv.org/abs/1909.05858
 *
 * @param logits [V], changed in place
 */
export function penalizeRepetition(logits: Float64Array, occurred: readonly number[], penalty: number): void {
  for (const id of new Set(occurred)) {
    const z = logits[id]!
    logits[id] = z < 0 ? z * penalty : z / penalty
  }
}

/**
 * Gives the logit −∞ to tokens that would repeat a run of `size` tokens.
 *
 * @param logits [V], changed in place
 */
export function banRepeatedNgrams(logits: Float64Array, occurred: readonly number[], size: number): void {
  const prefix = occurred.slice(occurred.length - size + 1)
  for (let end = size - 1; end < occurred.length; end++) {
    const begin = end - size + 1
    if (prefix.every((id, i) => id === occurred[begin + i])) {
      logits[occurred[end]!] = Number.NEGATIVE_INFINITY
    }
  }
}

/** The tokens of logits [V] that are not banned. @throws {GenerationError} if none is left */
export function candidatesOf(logits: Float64Array): Candidates {
  const all = { ids: indicesWhere(logits, () => true), logits }
  if (!logits.includes(Number.NEGATIVE_INFINITY)) return all
  const left = keep(all, z => z > Number.NEGATIVE_INFINITY)
  if (left.ids.length > 0) return left
  throw new GenerationError(
    `noRepeatNgram bans all ${logits.length} tokens of the vocabulary. Choose a larger one, or 0`,
  )
}

/** Divides the logits' distances from the largest one: shifted so that it is 0, which no filter and no softmax sees. */
export function withTemperature({ ids, logits }: Candidates, temperature: number): Candidates {
  const most = largest(logits)
  const scaled = new Float64Array(logits.length)
  for (let i = 0; i < scaled.length; i++) scaled[i] = (logits[i]! - most) / temperature
  return { ids, logits: scaled }
}

/** The K candidates of the largest logits, and those equal to the last of them. */
export function topK(candidates: Candidates, K: number): Candidates {
  if (K >= candidates.ids.length) return candidates
  const least = kthLargest(candidates.logits, K)
  return keep(candidates, z => z >= least)
}

/**
 * The fewest candidates, of the largest logits, whose probabilities add up to P or more; of equal ones those of lower
 * ids. Holtzman et al., https://arxiv.org/abs/1904.09751
 */
export function topP(candidates: Candidates, P: number): Candidates {
  const p = softmax(candidates.logits)
  // All of these together are less likely than what may be left out, so they need not be sorted.
  const rare = (1 - P) / p.length
  const order = indicesWhere(p, share => share >= rare).sort((i, j) => p[j]! - p[i]! || i - j)
  let before = 0
  let count = 0
  do before += p[order[count++]!]!
  while (before < P && count < order.length)
  return pick(candidates, order.subarray(0, count).sort())
}

/** The candidates at least P times as likely as the most likely one. https://arxiv.org/abs/2407.01082 */
export function minP(candidates: Candidates, P: number): Candidates {
  const least = largest(candidates.logits) + Math.log(P)
  return keep(candidates, z => z >= least)
}

/** Probabilities by logits. */
export function softmax(logits: Float64Array): Float64Array {
  const most = largest(logits)
  const p = new Float64Array(logits.length)
  let total = 0
  for (let i = 0; i < p.length; i++) {
    p[i] = Math.exp(logits[i]! - most)
    total += p[i]!
  }
  for (let i = 0; i < p.length; i++) p[i]! /= total
  return p
}

/** Where the largest logit stands, the first of equal ones. */
export function indexOfLargest(logits: Float64Array): number {
  let best = 0
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i
  return best
}

const largest = (logits: Float64Array) => logits[indexOfLargest(logits)]!

const keep = (candidates: Candidates, wanted: (logit: number) => boolean): Candidates =>
  pick(candidates, indicesWhere(candidates.logits, wanted))

const pick = ({ ids, logits }: Candidates, indices: Uint32Array): Candidates => ({
  ids: indices.map(i => ids[i]!),
  logits: Float64Array.from(indices, i => logits[i]!),
})

/** A loop: iterators over a vocabulary take longer than a small model's step. */
function indicesWhere(values: Float64Array, wanted: (value: number) => boolean): Uint32Array {
  const indices = new Uint32Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) if (wanted(values[i]!)) indices[count++] = i
  return indices.subarray(0, count)
}

/** Hoare's selection: linear in the number of values, where sorting a vocabulary would take longer than the model. */
function kthLargest(values: Float64Array, K: number): number {
  const a = values.slice()
  const at = K - 1
  let low = 0
  let high = a.length - 1
  while (low < high) {
    const pivot = a[(low + high) >>> 1]!
    let i = low
    let j = high
    while (i <= j) {
      while (a[i]! > pivot) i++
      while (a[j]! < pivot) j--
      if (i > j) break
      ;[a[i], a[j]] = [a[j]!, a[i]!]
      i++
      j--
    }
    if (at <= j) high = j
    else if (at >= i) low = i
    else break
  }
  return a[at]!
}
