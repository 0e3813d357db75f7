import type { EncodedAnswer } from '../models/answer-batch'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import { tokenLogProbs } from '../models/token-log-probs'
import type { Missing, Score } from './score'
import type { ExchangeScores, RowExchange, ScorerOptions } from './scorer'
import { inWindows } from './windows'

/** What a score is made of: the mean losses of some texts. */
export interface LossScore {
  readonly texts: readonly EncodedAnswer[]
  readonly truncated: boolean
  /** The score, from the mean negative log-prob of each text's tokens, in nats. */
  readonly value: (losses: readonly number[]) => number
}

export interface LossScoreOptions extends ScorerOptions {
  readonly network: CausalNetwork
  readonly adapter: LoraMap | null
}

/** Scores exchanges under `key` by the losses of the texts that `encode` makes of each. */
export const scoreLosses = (
  key: string,
  exchanges: readonly RowExchange[],
  { network, adapter, ...options }: LossScoreOptions,
  encode: (exchange: RowExchange) => LossScore | Missing,
): Promise<ExchangeScores[]> =>
  inWindows(exchanges, options, async (window, progress) => {
    const encoded = window.map(encode)
    const texts = encoded.flatMap(one => ('texts' in one ? one.texts : []))
    const logProbs = await tokenLogProbs(network, texts, { adapter, ...progress })
    let at = 0
    return encoded.map((one): ExchangeScores => {
      if ('missing' in one) return { scores: { [key]: one }, truncated: false }
      const losses = one.texts.map(() => meanLoss(logProbs[at++]!))
      return { scores: { [key]: finite(key, one.value(losses)) }, truncated: one.truncated }
    })
  })

/** Mean negative log-prob, summed in double precision. */
const meanLoss = (logProbs: Float32Array): number => {
  let sum = 0
  for (const value of logProbs) sum -= value
  return sum / logProbs.length
}

const finite = (key: string, value: number): Score =>
  Number.isFinite(value) ? value : { missing: `the model gave no finite ${key}` }
