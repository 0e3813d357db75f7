import type { EncodedAnswer } from '../models/answer-batch'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import { tokenLogProbs } from '../models/token-log-probs'
import type { Score } from './score'
import type { ScorerOptions } from './scorer'
import { inWindows } from './windows'

/** Both answers of a pair in tokens, each after the prompt; training's `EncodedPair` is one. */
export interface AnswerPair {
  readonly chosen: EncodedAnswer
  readonly rejected: EncodedAnswer
}

export interface LogProbGapOptions extends ScorerOptions {
  /** Default: the model as it is. */
  readonly adapter?: LoraMap | null
}

/**
 * log π(chosen) − log π(rejected) for each pair, in nats: sums over the answers' tokens, not divided by their number.
 * The margin without a reference model.
 *
 * @throws {ModelError} for an answer that begins with its first token
 * @throws the signal's reason once it is aborted
 */
export async function logProbGaps(
  network: CausalNetwork,
  pairs: readonly AnswerPair[],
  { adapter = null, ...options }: LogProbGapOptions = {},
): Promise<Score[]> {
  const gaps = await gapsOf(network, pairs, adapter, options)
  return gaps.map(finite)
}

export interface ImplicitMarginOptions extends ScorerOptions {
  /** What makes the network the policy; without it the network is the reference. */
  readonly adapter: LoraMap
}

/**
 * (log π(chosen) − log π(rejected)) − (log ref(chosen) − log ref(rejected)) for each pair, in nats: DPO's implicit
 * reward margin (https://arxiv.org/abs/2305.18290) without the factor β. Policy and reference are the same weights with
 * the adapter and without.
 *
 * @throws {ModelError} for an answer that begins with its first token
 * @throws the signal's reason once it is aborted
 */
export async function implicitMargins(
  network: CausalNetwork,
  pairs: readonly AnswerPair[],
  { adapter, onProgress, ...options }: ImplicitMarginOptions,
): Promise<Score[]> {
  const half = (from: number) => ({ ...options, onProgress: (f: number) => onProgress?.(from + f / 2) })
  const policy = await gapsOf(network, pairs, adapter, half(0))
  const reference = await gapsOf(network, pairs, null, half(0.5))
  return policy.map((gap, i) => finite(gap - reference[i]!))
}

const gapsOf = (
  network: CausalNetwork,
  pairs: readonly AnswerPair[],
  adapter: LoraMap | null,
  options: ScorerOptions,
): Promise<number[]> =>
  inWindows(pairs, options, async (window, progress) => {
    const answers = window.flatMap(({ chosen, rejected }) => [chosen, rejected])
    const sums = (await tokenLogProbs(network, answers, { adapter, ...progress })).map(total)
    return window.map((_, n) => sums[2 * n]! - sums[2 * n + 1]!)
  })

/** Summed in double precision. */
const total = (logProbs: Float32Array): number => {
  let sum = 0
  for (const value of logProbs) sum += value
  return sum
}

const finite = (margin: number): Score =>
  Number.isFinite(margin) ? margin : { missing: 'the model gave no finite margin' }
