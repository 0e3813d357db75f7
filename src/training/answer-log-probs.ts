import type { CausalNetwork } from '../models/causal-network'
import { logProbsOf } from '../models/token-log-probs'
import type { LoraMap } from '../nn/linear'
import type { EncodedPair } from './encode-pairs'
import type { PairLogProbs } from './micro-batch'

export interface AnswerLogProbOptions {
  /** Default: none, which is how reference log-probs come from the trained model's own weights. */
  readonly adapter?: LoraMap | null
  /** Tokens of one forward pass; a longer pair goes alone. */
  readonly batchTokens?: number
  readonly signal?: AbortSignal
  /** Called with the number of pairs done. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Log-probs of every answer token of every pair, in nats: one forward pass over the packed pairs, no gradient. */
export async function answerLogProbs(
  network: CausalNetwork,
  pairs: readonly EncodedPair[],
  { adapter = null, batchTokens = 2048, signal, onProgress }: AnswerLogProbOptions = {},
): Promise<PairLogProbs[]> {
  const results: PairLogProbs[] = []
  for (const group of grouped(pairs, batchTokens)) {
    signal?.throwIfAborted()
    const answers = group.flatMap(({ chosen, rejected }) => [chosen, rejected])
    const logProbs = await logProbsOf(network, answers, { adapter })
    group.forEach((_, n) => {
      results.push({ chosen: logProbs[2 * n]!, rejected: logProbs[2 * n + 1]! })
    })
    onProgress?.(results.length, pairs.length)
  }
  return results
}

/** Neighbouring pairs whose tokens together stay within `batchTokens`. */
function* grouped(pairs: readonly EncodedPair[], batchTokens: number): Generator<EncodedPair[]> {
  let group: EncodedPair[] = []
  let tokens = 0
  for (const pair of pairs) {
    const more = pair.chosen.ids.length + pair.rejected.ids.length
    if (group.length > 0 && tokens + more > batchTokens) {
      yield group
      group = []
      tokens = 0
    }
    group.push(pair)
    tokens += more
  }
  if (group.length > 0) yield group
}
