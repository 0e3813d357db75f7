import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import { eachLastHidden } from '../models/last-hidden'
import type { Model } from '../models/load-model'
import { scoreHead } from '../ops/score-head'
import { digitPromptScorer } from './digit-prompts'
import type { PromptText } from './prompt-text'
import type { Scorer } from './scorer'

export interface DigitScorerOptions {
  /** Default: the model as it is. */
  readonly adapter?: LoraMap | null
  /** Tokens of a prompt. Default: the model's context, at most 1024. */
  readonly maxTokens?: number
}

/**
 * Asks a model for a score from 1 to 6: Σ k·p_k over the tokens of the digits 1 … 6 at the prompt's end, with p the
 * softmax over those six alone (https://arxiv.org/abs/2312.15685 §2). See `digitPromptScorer` for long prompts.
 *
 * @throws {ScorerError} if the tokenizer has no single token for a digit
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export function digitScorer(
  { network, tokenizer }: Model,
  key: string,
  prompt: PromptText,
  { adapter = null, maxTokens = Math.min(1024, network.maxPositions) }: DigitScorerOptions = {},
): Scorer {
  checkContext(network, maxTokens)
  const { gpu, head } = network
  return digitPromptScorer(tokenizer, key, prompt, maxTokens, async (sequences, digits, give, options) => {
    using ids = gpu.tensor([digits.length], digits)
    await eachLastHidden(network, sequences, { adapter, ...options }, async ({ hidden, indices, tape }) => {
      give(indices, await gpu.read(scoreHead(tape, hidden, head, ids)))
    })
  })
}
