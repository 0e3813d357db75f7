import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'

/** What a draw may depend on, so that it is the same whatever the batch, and after a resume. */
export interface DrawKey {
  readonly seed: number
  /** 0 in the first epoch. */
  readonly epoch: number
  /** The example's position in its file. */
  readonly example: number
}

/** How much the tokens of one answer count in the sums that a loss sees: one value a token. */
export interface AnswerTokens {
  /** Factors of the trained model's log-probs. */
  readonly policy: Float32Array
  /** Factors of the reference model's log-probs. A token whose factors are both 0 costs nothing in the head. */
  readonly reference: Float32Array
  /** What losses that are normalized by length divide by, in tokens. */
  readonly length: number
}

/** Which tokens of a pair's answers count, and how much. */
export interface TokenChoice {
  readonly name: string
  /** For answers of these lengths in tokens, each at least 1. */
  weigh(
    chosen: number,
    rejected: number,
    key: DrawKey,
  ): { readonly chosen: AnswerTokens; readonly rejected: AnswerTokens }
}

/** What a term reads and writes on the GPU: N examples of S sequences (chosen and rejected in turn), R tokens. */
export interface TermTensors {
  /** Log-probs of the trained model, [R]. */
  readonly policy: Tensor
  /** Log-probs of the reference model, [R]. */
  readonly reference: Tensor
  /** Factors of both in this term's sums, [R, 2]. */
  readonly weights: Tensor
  /** u32 [S, 2]: rows of each sequence, begin and end. */
  readonly spans: Tensor
  /** What losses that are normalized by length divide by, [S]. */
  readonly lengths: Tensor
  /** [1]: what the examples' losses are multiplied by. */
  readonly scale: Tensor
  /** What else is known of the sequences, [S, 8]; see `sequenceStatistics`. */
  readonly statistics: Tensor
  /** [N]: 1 where an example is desirable, else 0. Only for labelled examples. */
  readonly labels: Tensor | null
  /** [1]: the mean log-ratio of mismatched answers. Only where the loss asks for it. */
  readonly kl: Tensor | null
  /** The term's own numbers, kept from step to step. Only where it has `state`. */
  readonly state: Tensor | null
  /** Losses of the examples before `scale`, [N]; written. */
  readonly values: Tensor
  /** ∂(scale·Σ values)/∂policy is added, [R]. */
  readonly gradient: Tensor
}

/** One summand of a loss. */
export interface LossTerm {
  /** As TRL calls it, where it does. */
  readonly name: string
  /** Factor in the sum. */
  readonly weight: number
  /** What its mean is over: the examples of an optimizer step, or their tokens. */
  readonly mean: 'examples' | 'tokens'
  /** Whether it needs log-probs of a reference model. */
  readonly usesReference: boolean
  /** Which sequences of a pair it reads. */
  readonly sides: 'both' | 'chosen'
  readonly tokens: TokenChoice
  /** Whether the prompt of the sequences it reads counts too, each token once. */
  readonly prompt: boolean
  /** Whether it compares examples with each other, so that a step's examples must be computed in one pass. */
  readonly wholeBatch: boolean
  /** Numbers that it keeps from step to step, as they are at the start. */
  readonly state: readonly number[] | null
  run(gpu: Gpu, tensors: TermTensors): void
}

/** What is known of an answer after a step: sums over the tokens that the first term counts, in nats. */
export interface AnswerSums {
  /** Of weighted log-probs. */
  readonly logp: number
  /** Of weighted log-ratios. */
  readonly ratio: number
  /** How many count. */
  readonly tokens: number
}

/** What preference training minimizes: a weighted sum of terms over pairs. */
export interface PairLoss {
  readonly kind: 'pairs'
  readonly name: string
  /** Factor of log-ratios in the rewards that are reported. */
  readonly beta: number
  /** At least one. The tokens that the first one counts are those that metrics are taken over. */
  readonly terms: readonly LossTerm[]
  /** Whether rewards and log-probs are reported by token, as TRL does for losses of mean log-probs. */
  readonly averaged?: boolean
  /** Metrics of its own, by TRL's names, of the step's chosen and rejected answers. */
  report?(chosen: readonly AnswerSums[], rejected: readonly AnswerSums[]): Readonly<Record<string, number>>
}

/** What supervised training minimizes, over conversations with a mask. */
export interface SequenceLoss {
  readonly kind: 'sequences'
  readonly name: string
  readonly terms: readonly LossTerm[]
}

/** What training on single answers minimizes, each known as desirable or not. */
export interface LabelledLoss {
  readonly kind: 'labelled'
  readonly name: string
  readonly beta: number
  readonly terms: readonly LossTerm[]
  /** Whether it needs the mean log-ratio of answers beside prompts that are not theirs. */
  readonly kl: boolean
}

export type Loss = PairLoss | SequenceLoss | LabelledLoss

/** Losses that do not go together, or an option out of range. */
export class LossError extends Error {
  override name = 'LossError'
}
