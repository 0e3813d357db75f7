import type { LoraMap } from '../models/causal-network'
import { checkContext } from '../models/context'
import { eachLastHidden } from '../models/last-hidden'
import type { Model } from '../models/load-model'
import { scoreHead } from '../ops/score-head'
import { digitPromptScorer } from './digit-prompts'
import { encodedOrMissing } from './encode-text'
import type { PromptText } from './prompt-text'
import type { Scorer } from './scorer'

export interface DigitScorerOptions {
  /** Default: the model as it is. */
  readonly adapter?: LoraMap | null
  /** Tokens of a prompt. Default: the model's context, at most 1024. */
  readonly maxTokens?: number
  /** Text that every prompt begins with: its keys and values are computed once for all of them. */
  readonly prefix?: string
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
  { adapter = null, maxTokens = Math.min(1024, network.maxPositions), prefix = '' }: DigitScorerOptions = {},
): Scorer {
  checkContext(network, maxTokens)
  const { gpu, head } = network
  const constant = constantTokens(tokenizer, prefix)
  return digitPromptScorer(tokenizer, key, prompt, maxTokens, async (sequences, digits, give, options) => {
    using ids = gpu.tensor([digits.length], digits)
    const passes = { adapter, prefix: constant, ...options }
    await eachLastHidden(network, sequences, passes, async ({ hidden, indices, tape }) => {
      give(indices, await gpu.read(scoreHead(tape, hidden, head, ids)))
    })
  })
}

/** Texts that may follow a constant one: letters, a digit, a word, a line, Chinese. */
const CONTINUATIONS = ['a', 'Z', '7', ' the', '\n', '\u3002']

/** The tokens that a text begins with whatever follows it: its end may merge with what does. */
function constantTokens(tokenizer: Model['tokenizer'], text: string): readonly number[] {
  if (text === '') return []
  const probes = CONTINUATIONS.map(next => encodedOrMissing(() => ({ ids: tokenizer.encode(text + next) })))
  const [first = [], ...others] = probes.flatMap(probe => ('ids' in probe ? [probe.ids] : []))
  const differs = first.findIndex((id, t) => others.some(ids => ids[t] !== id))
  return first.slice(0, Math.max(0, differs))
}
