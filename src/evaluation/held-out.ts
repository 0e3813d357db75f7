import { dpo } from '../losses/dpo'
import type { PairLoss } from '../losses/loss'
import { sft } from '../losses/sft'
import type { EncodedAnswer } from '../models/answer-batch'
import type { CausalNetwork } from '../models/causal-network'
import { type TokenLogProbOptions, tokenLogProbs } from '../models/token-log-probs'
import { type EvaluateLossOptions, evaluateLoss } from '../training/evaluate-loss'
import type { EncodedPair, EncodedSequence } from '../training/examples'
import type { Metrics } from '../training/metrics'
import { EvaluationError } from './errors'

export interface EvaluatePairsOptions extends Omit<EvaluateLossOptions<PairLoss>, 'loss'> {
  /** Default: DPO with β = 0.1. */
  readonly loss?: PairLoss
}

/**
 * Loss, rewards and log-probs of held-out pairs, under the names that TRL's trainer gives them: `eval_loss`,
 * `eval_rewards/accuracies`, `eval_rewards/margins`, `eval_logps/chosen` and so on. Means over all pairs, whatever the
 * passes. Rewards, log-probs and lengths are over all answer tokens, also where the loss draws some.
 *
 * @throws {TrainingError} without a pair, and without an adapter where the loss needs a reference that is not given
 * @throws the signal's reason when it is aborted
 */
export async function evaluatePairs(
  network: CausalNetwork,
  pairs: readonly EncodedPair[],
  { loss = dpo(), ...options }: EvaluatePairsOptions = {},
): Promise<Metrics> {
  return asEvaluated(await evaluateLoss(network, pairs, { ...options, loss }))
}

export type EvaluateSequencesOptions = Omit<EvaluateLossOptions, 'loss' | 'references' | 'reference'>

/**
 * Loss, token accuracy and entropy of held-out conversations, under the names of TRL's SFT trainer, and
 * `eval_perplexity`, exp of the loss. Means over all tokens that the masks count.
 *
 * @throws {TrainingError} without a conversation
 * @throws the signal's reason when it is aborted
 */
export async function evaluateSequences(
  network: CausalNetwork,
  sequences: readonly EncodedSequence[],
  options: EvaluateSequencesOptions = {},
): Promise<Metrics> {
  const metrics = await evaluateLoss(network, sequences, { ...options, loss: sft() })
  return { ...asEvaluated(metrics), eval_perplexity: Math.exp(metrics.loss!) }
}

const asEvaluated = (metrics: Metrics): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval_${name}`, value]))

/** How well a model predicts answers given their prompts; means over all tokens, so that long answers count more. */
export interface AnswerPerplexity {
  readonly answers: number
  readonly tokens: number
  /** Mean negative log-prob of a token, in nats. */
  readonly loss: number
  readonly perplexity: number
}

/**
 * Perplexity of answers, such as the chosen ones of pairs.
 *
 * @throws {EvaluationError} if the answers have no token
 * @throws {ModelError} for an answer that begins with its first token
 * @throws the signal's reason once it is aborted
 */
export async function answerPerplexity(
  network: CausalNetwork,
  answers: readonly EncodedAnswer[],
  options: TokenLogProbOptions = {},
): Promise<AnswerPerplexity> {
  const logProbs = await tokenLogProbs(network, answers, options)
  const tokens = logProbs.reduce((sum, { length }) => sum + length, 0)
  if (tokens === 0) throw new EvaluationError('the answers have no token to predict')
  // In double precision.
  let nats = 0
  for (const values of logProbs) for (const value of values) nats -= value
  const loss = nats / tokens
  return { answers: answers.length, tokens, loss, perplexity: Math.exp(loss) }
}
