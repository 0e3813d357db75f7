import type { Pair } from '../data/row'
import type { Tokenizer } from '../io/tokenizer'
import type { LoraMap } from '../models/causal-network'
import type { Model } from '../models/load-model'
import type { Combine } from '../scoring/combine'
import { answerTokens } from '../scoring/length'
import { implicitMargins } from '../scoring/margins'
import { pairRewards } from '../scoring/pair-rewards'
import type { Score, Scorer, ScorerOptions } from '../scoring/scorer'
import type { PairItem } from '../selection/pool'
import { encodePairs } from '../training/encode-pairs'

export interface PairItemOptions extends ScorerOptions {
  /** The policy's adapter, for the implicit margin; without it there is none. */
  readonly adapter?: LoraMap
  /** Judges the answers. Default: none, and the rewards are those that the file has. */
  readonly judge?: Scorer
  /** One number of the judge's scores. Default: their product. */
  readonly combine?: Combine
  /** Tokens of prompt and answer together for the implicit margin, as in training. Default: at most 1024. */
  readonly maxLength?: number
}

/**
 * Pairs with what selection may ask for: implicit margin, rewards, lengths of the answers in tokens.
 *
 * @throws {ScorerError} if `combine` asks for a score that the judge does not give
 * @throws the signal's reason once it is aborted
 */
export async function pairItems(
  model: Model,
  pairs: readonly Pair[],
  { adapter, judge, combine, maxLength, onProgress, ...options }: PairItemOptions = {},
): Promise<PairItem[]> {
  const stages = (adapter ? 1 : 0) + (judge ? 1 : 0)
  const stage = (i: number) => ({ ...options, onProgress: (f: number) => onProgress?.((i + f) / stages) })
  const margins = adapter ? await marginsOf(model, pairs, adapter, maxLength, stage(0)) : null
  const judged = judge
    ? await pairRewards(pairs, judge, { ...stage(stages - 1), ...(combine ? { combine } : {}) })
    : null
  return pairs.map(({ index, id, chosen, rejected, chosenReward, rejectedReward }, n) => ({
    index,
    id,
    ...(margins ? { implicitMargin: margins[n]! } : {}),
    ...rewards(judged ? judged[n]!.chosen : chosenReward, judged ? judged[n]!.rejected : rejectedReward),
    ...lengths(model.tokenizer, chosen, rejected),
  }))
}

const rewards = (chosen: Score | undefined, rejected: Score | undefined) => ({
  ...(chosen === undefined ? {} : { chosenReward: chosen }),
  ...(rejected === undefined ? {} : { rejectedReward: rejected }),
})

const lengths = (tokenizer: Tokenizer, chosen: string, rejected: string) => {
  const [a, b] = [chosen, rejected].map(text => answerTokens(tokenizer, text))
  return typeof a === 'number' && typeof b === 'number' ? { chosenTokens: a, rejectedTokens: b } : {}
}

/** The implicit margin of every pair; missing, with training's reason, for those that cannot be encoded. */
async function marginsOf(
  { network, tokenizer }: Model,
  pairs: readonly Pair[],
  adapter: LoraMap,
  maxLength = Math.min(1024, network.maxPositions),
  options: ScorerOptions,
): Promise<Score[]> {
  const encoded = encodePairs(tokenizer, pairs, { maxLength })
  const margins = await implicitMargins(network, encoded.pairs, { adapter, ...options })
  const byIndex = new Map<number, Score>()
  for (const { index, reason } of encoded.dropped) byIndex.set(index, { missing: reason })
  for (const [i, { index }] of encoded.pairs.entries()) byIndex.set(index, margins[i]!)
  return pairs.map(({ index }) => byIndex.get(index)!)
}
