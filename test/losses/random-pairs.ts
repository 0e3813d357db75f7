import fc from 'fast-check'
import type { Answer } from '../reference/losses-pairs'
import type { Sequence } from './run-loss'

/** In steps of 2^-6, whose sums are exact: losses that sort see the same order, and the same ties, in f32 and float64. */
const f32 = (min: number, max: number) =>
  fc.integer({ min: Math.ceil(min * 64), max: Math.floor(max * 64) }).map(steps => steps / 64)

/** An answer of one to five tokens, the model's log-prob of each within ½ of the reference's. */
export const anyAnswer: fc.Arbitrary<Sequence> = fc
  .array(fc.tuple(f32(-8, -0.0625), f32(-0.5, 0.5)), { minLength: 1, maxLength: 5 })
  .map(tokens => ({
    policy: tokens.map(([logp]) => logp),
    reference: tokens.map(([logp, away]) => Math.fround(logp - away)),
  }))

/** Chosen and rejected answers in turn, of fewer pairs than a workgroup has lanes, or of more. */
export const anyPairs: fc.Arbitrary<readonly Sequence[]> = fc
  .array(fc.tuple(anyAnswer, anyAnswer), { minLength: 1, maxLength: 70 })
  .map(pairs => pairs.flat())

/** What a twin sees of an answer whose tokens all count. */
export const answerOf = ({ policy, reference }: Sequence): Answer => ({
  policy: policy.reduce((a, b) => a + b, 0),
  ratio: policy.reduce((sum, logp, t) => sum + logp - reference[t]!, 0),
  length: policy.length,
})

export const pairsOf = (sequences: readonly Sequence[]): [Answer, Answer][] =>
  Array.from({ length: sequences.length / 2 }, (_, n) => [
    answerOf(sequences[2 * n]!),
    answerOf(sequences[2 * n + 1]!),
  ])
