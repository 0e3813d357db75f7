import type { Turn } from '../data/row'
import type { Missing } from '../scoring/score'
import { type AnswerLengths, answerLengths, checkSameNumber, lengthGrowth } from './answer-lengths'
import type { Answer } from './answers'

/** What is known of a model: metrics by their names, and its answers to some prompts. */
export interface EvaluatedRun {
  /** What it is called: "before", "after", an adapter's name. */
  readonly name: string
  readonly metrics: Readonly<Record<string, number | null>>
  readonly answers?: readonly (Answer | Missing)[]
}

export interface MetricChange {
  readonly name: string
  /** Null where it was not measured, or says nothing: a model beside itself prefers no answer. */
  readonly before: number | null
  readonly after: number | null
  /** after − before */
  readonly change: number | null
}

/** Two answers to a prompt. */
export interface AnswerChange {
  readonly prompt: readonly Turn[]
  readonly before: Answer | Missing
  readonly after: Answer | Missing
}

/** Two models side by side. */
export interface RunComparison {
  readonly before: string
  readonly after: string
  /** In the order of the metrics before, then those that only came after. */
  readonly metrics: readonly MetricChange[]
  /** Null without answers of both. */
  readonly lengths: {
    readonly before: AnswerLengths
    readonly after: AnswerLengths
    /** As `lengthGrowth` gives it. */
    readonly growth: number | null
  } | null
  readonly answers: readonly AnswerChange[]
}

/**
 * Sets two evaluated models side by side.
 *
 * @param prompts those that both answered, in the order of the answers
 * @throws {EvaluationError} if prompts and answers differ in number
 */
export function compareRuns(
  before: EvaluatedRun,
  after: EvaluatedRun,
  prompts: readonly (readonly Turn[])[] = [],
): RunComparison {
  const names = new Set([...Object.keys(before.metrics), ...Object.keys(after.metrics)])
  const metrics = [...names].map(name => {
    const [was, is] = [metricOf(before, name), metricOf(after, name)]
    return { name, before: was, after: is, change: was === null || is === null ? null : is - was }
  })
  const [first, second] = [before.answers ?? [], after.answers ?? []]
  checkSameNumber(first, second)
  checkSameNumber(prompts, first)
  const given = (answers: readonly (Answer | Missing)[]) => answers.some(answer => 'text' in answer)
  const both = given(first) && given(second)
  return {
    before: before.name,
    after: after.name,
    metrics,
    lengths: both
      ? {
          before: answerLengths(first),
          after: answerLengths(second),
          growth: lengthGrowth(first, second),
        }
      : null,
    answers: prompts.map((prompt, i) => ({ prompt, before: first[i]!, after: second[i]! })),
  }
}

const metricOf = ({ metrics }: EvaluatedRun, name: string): number | null => {
  if (!Object.hasOwn(metrics, name)) return null
  const [, prefix = ''] = ACCURACY.exec(name) ?? []
  return ACCURACY.test(name) && isOwnReference(metrics, prefix) ? null : metrics[name]!
}

const ACCURACY = /^(eval_)?rewards\/accuracies$/

/** Whether a model was compared with itself: all rewards are equal then, which the share of those above others calls 0. */
export const isOwnReference = (metrics: Readonly<Record<string, unknown>>, prefix = ''): boolean =>
  ['chosen', 'rejected', 'margins'].every(name => metrics[`${prefix}rewards/${name}`] === 0)
