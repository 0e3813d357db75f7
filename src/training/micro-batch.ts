import { allTokens } from '../losses/all-tokens'
import type { AnswerTokens, DrawKey, LabelledLoss, LossTerm, PairLoss, SequenceLoss } from '../losses/loss'
import { type EncodedAnswer, type TokenBatch, tokenBatch } from '../models/answer-batch'
import type { EncodedLabelled, EncodedPair, EncodedSequence } from './examples'

/** Log-probs of the answer tokens of both sides of a pair, in nats. */
export interface PairLogProbs {
  readonly chosen: Float32Array
  readonly rejected: Float32Array
}

/** What one term of a loss counts of a micro-batch. */
export interface TermWeights {
  /** [R, 2]: factors of each token's policy and reference log-prob. */
  readonly weights: Float32Array
  /** [S]: what length-normalized losses divide by. */
  readonly lengths: Float32Array
  /** What its mean is over: examples, or tokens. */
  readonly count: number
}

/** N examples of S sequences, laid out for one forward and backward pass. */
export interface MicroBatch extends TokenBatch {
  /** Places of the examples in their file; N of them, without the padding. */
  readonly indices: readonly number[]
  /** N; with the padding, S of them are a whole number for each. */
  readonly examples: number
  /** Tokens of each sequence, [S]. */
  readonly sequenceLengths: readonly number[]
  /** [R]: log-probs of the reference model; zeros where none are given. */
  readonly reference: Float32Array
  /** For each term of the loss. */
  readonly terms: readonly TermWeights[]
  /** What metrics are taken over. */
  readonly reported: TermWeights
  /** [N]: 1 where an example is desirable. */
  readonly labels: Float32Array | null
}

export interface BatchOptions {
  readonly seed: number
  readonly epoch: number
  /** What metrics are taken over: the tokens that the first term counts, or all answer tokens. */
  readonly report?: 'counted' | 'all'
}

/** Lays pairs out for `loss`: chosen and rejected in turn. */
export function pairBatch(
  pairs: readonly EncodedPair[],
  references: readonly PairLogProbs[] | null,
  { terms }: PairLoss,
  { seed, epoch, report = 'counted' }: BatchOptions,
): MicroBatch {
  const laid = pairs.flatMap(({ index, chosen, rejected }, n) => {
    const key = { seed, epoch, example: index }
    const lengths = [tokensOf(chosen), tokensOf(rejected)] as const
    const weighed = terms.map(term => term.tokens.weigh(...lengths, key))
    const reported = report === 'all' ? allTokens.weigh(...lengths, key) : weighed[0]!
    const given = references?.[n] ?? null
    return [
      layOut(
        chosen,
        weighed.map(w => w.chosen),
        reported.chosen,
        terms,
        given?.chosen ?? null,
      ),
      layOut(
        rejected,
        weighed.map((w, k) => (terms[k]!.sides === 'both' ? w.rejected : null)),
        reported.rejected,
        terms,
        given?.rejected ?? null,
      ),
    ]
  })
  return lay(laid, terms, 2, {
    indices: pairs.map(({ index }) => index),
    examples: pairs.length,
    labels: null,
  })
}

/** Lays conversations out: the tokens of their masks count. Examples are padded to a multiple of 4. */
export function sequenceBatch(sequences: readonly EncodedSequence[], { terms }: SequenceLoss): MicroBatch {
  const laid = sequences.map(({ ids, mask }): Laid => {
    const policy = Float32Array.from(mask)
    // Nothing predicts the first token.
    policy[0] = 0
    const tokens = {
      policy,
      reference: new Float32Array(mask.length),
      length: mask.reduce((a, b) => a + b, 0),
    }
    return { ids, terms: terms.map(() => tokens), reported: tokens, reference: null }
  })
  const examples = sequences.length <= 4 ? sequences.length : Math.ceil(sequences.length / 4) * 4
  const indices = sequences.map(({ index }) => index)
  return lay(laid, terms, 1, { indices, examples, labels: null })
}

/** Lays single answers out, with their labels. */
export function labelledBatch(
  labelled: readonly EncodedLabelled[],
  references: readonly Float32Array[] | null,
  { terms }: LabelledLoss,
  { seed, epoch }: BatchOptions,
): MicroBatch {
  const laid = labelled.map(({ index, answer }, n) => {
    const key: DrawKey = { seed, epoch, example: index }
    const length = tokensOf(answer)
    const weighed = terms.map(term => term.tokens.weigh(length, length, key).chosen)
    return layOut(answer, weighed, weighed[0]!, terms, references?.[n] ?? null)
  })
  return lay(laid, terms, 1, {
    indices: labelled.map(({ index }) => index),
    examples: labelled.length,
    labels: Float32Array.from(labelled, ({ desirable }) => (desirable ? 1 : 0)),
  })
}

const tokensOf = ({ ids, answerBegin }: EncodedAnswer) => ids.length - answerBegin

/** A sequence with what counts of it, all arrays one value a token. */
interface Laid {
  readonly ids: Uint32Array
  /** Null where the term does not read this sequence. */
  readonly terms: readonly (AnswerTokens | null)[]
  readonly reported: AnswerTokens
  readonly reference: Float32Array | null
}

function layOut(
  { ids, answerBegin }: EncodedAnswer,
  weighed: readonly (AnswerTokens | null)[],
  reported: AnswerTokens,
  terms: readonly LossTerm[],
  reference: Float32Array | null,
): Laid {
  const whole = (answer: Float32Array) => {
    const values = new Float32Array(ids.length)
    values.set(answer, answerBegin)
    return values
  }
  const along = (answer: AnswerTokens, prompt: boolean): AnswerTokens => {
    const [policy, of] = [whole(answer.policy), whole(answer.reference)]
    if (prompt) policy.fill(1, 1, answerBegin)
    return { policy, reference: of, length: answer.length + (prompt ? answerBegin - 1 : 0) }
  }
  return {
    ids,
    terms: weighed.map((answer, k) => answer && along(answer, terms[k]!.prompt)),
    reported: along(reported, false),
    reference: reference && whole(reference),
  }
}

function lay(
  laid: readonly Laid[],
  terms: readonly LossTerm[],
  stride: 1 | 2,
  rest: Pick<MicroBatch, 'indices' | 'examples' | 'labels'>,
): MicroBatch {
  const counted = laid.map(sequence => {
    const all = [...sequence.terms.filter(t => t !== null), sequence.reported]
    const counts = (t: number) => all.some(w => w.policy[t] !== 0 || w.reference[t] !== 0)
    return Array.from(sequence.ids.keys()).filter(counts)
  })
  const batch = tokenBatch(laid.map(({ ids }, s) => ({ ids, predicted: counted[s]! })))
  const S = rest.examples * stride
  const weigh = (of: (sequence: Laid) => AnswerTokens | null, mean: LossTerm['mean']): TermWeights => {
    const weights = new Float32Array(batch.index.length * 2)
    const lengths = new Float32Array(S).fill(1)
    let tokens = 0
    laid.forEach((sequence, s) => {
      const answer = of(sequence)
      if (!answer) return
      lengths[s] = answer.length
      counted[s]!.forEach((t, n) => {
        const r = batch.spans[s]![0] + n
        weights[2 * r] = answer.policy[t]!
        weights[2 * r + 1] = answer.reference[t]!
        if (s % stride === 0 && answer.policy[t] !== 0) tokens++
      })
    })
    return { weights, lengths, count: mean === 'tokens' ? tokens : rest.indices.length }
  }
  const reference = new Float32Array(batch.index.length)
  laid.forEach((sequence, s) => {
    counted[s]!.forEach((t, n) => {
      reference[batch.spans[s]![0] + n] = sequence.reference?.[t] ?? 0
    })
  })
  const end = batch.spans.at(-1)?.[1] ?? 0
  const none = [end, end] as const
  return {
    ...batch,
    ...rest,
    spans: [...batch.spans, ...Array.from({ length: S - laid.length }, () => none)],
    sequenceLengths: laid.map(({ ids }) => ids.length),
    reference,
    terms: terms.map((term, k) => weigh(sequence => sequence.terms[k] ?? null, term.mean)),
    reported: weigh(({ reported }) => reported, 'examples'),
  }
}
