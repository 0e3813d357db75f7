import type { ChoiceQuestion } from '../data/multiple-choice'
import type { Model } from '../models/load-model'
import { inWindows } from '../scoring/windows'
import { type ChoiceMetrics, choiceMetrics } from './choice-metrics'
import { type ContinuationOptions, continuationLogProbs } from './continuation-log-probs'
import { type Continuation, encodeContinuation } from './continuations'
import { EvaluationError } from './errors'

export interface MultipleChoiceOptions extends ContinuationOptions {
  /** Solved questions that stand before each one. Default: none. */
  readonly shots?: number
  /** Where they come from: the first ones of the same task and subject. MMLU's are its `dev` split. */
  readonly examples?: readonly ChoiceQuestion[]
}

/** What a model makes of a question. */
export interface AnsweredQuestion {
  /** The question's position in its file. */
  readonly index: number
  /** log π(answer | question) of each answer, in nats. */
  readonly logLikelihoods: readonly number[]
  /** The likeliest answer, the first of equal ones. */
  readonly answer: number
  /** The likeliest one by character. */
  readonly answerNorm: number
  readonly correct: boolean
  readonly correctNorm: boolean
}

export interface MultipleChoiceResult {
  /**
   * By the names of lm-evaluation-harness: the task's, and for MMLU also those of its parts and subjects, such as
   * `mmlu_stem` and `mmlu_anatomy`.
   */
  readonly results: Readonly<Record<string, ChoiceMetrics>>
  /** In the order of the questions. */
  readonly answers: readonly AnsweredQuestion[]
}

/**
 * Multiple-choice accuracy by log-likelihood, as lm-evaluation-harness computes it for models that complete text: no
 * chat template, the answer behind one space.
 *
 * @throws {EvaluationError} without a question, for fewer examples than shots, and for a question that no model can
 *   answer: an answer without a token or longer than the context
 * @throws the signal's reason once it is aborted
 */
export async function multipleChoice(
  { network, tokenizer }: Model,
  questions: readonly ChoiceQuestion[],
  { shots = 0, examples = [], signal, onProgress, ...options }: MultipleChoiceOptions = {},
): Promise<MultipleChoiceResult> {
  if (questions.length === 0) throw new EvaluationError('there is no question to evaluate on')
  if (!Number.isSafeInteger(shots) || shots < 0)
    throw new EvaluationError(`shots is ${shots}, expected 0 or a whole number above`)
  const watched = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) }
  const answers = await inWindows(questions, watched, async (window, progress) => {
    const encoded = window.map(question => {
      const context = contextOf(question, shots, examples)
      return question.choices.map(choice => encode(question, context, choice))
    })
    const sums = await continuationLogProbs(network, encoded.flat(), { ...options, ...progress })
    let at = 0
    return window.map(question => {
      const mine = sums.slice(at, at + question.choices.length)
      at += question.choices.length
      return answered(question, mine)
    })
  })
  return { results: choiceMetrics(questions, answers), answers }

  function encode(question: ChoiceQuestion, context: string, choice: string): Continuation {
    try {
      return encodeContinuation(tokenizer, context, ` ${choice}`)
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      throw new EvaluationError(`question ${question.index}: ${error.message}`)
    }
  }
}

/**
 * The text that the answers follow: the description, solved examples with a blank line behind each, the question.
 *
 * @throws {EvaluationError} for fewer examples than shots
 */
export function contextOf(
  question: ChoiceQuestion,
  shots: number,
  examples: readonly ChoiceQuestion[],
): string {
  const { task, subject, description, text } = question
  const fitting = examples.filter(one => one.task === task && one.subject === subject).slice(0, shots)
  if (fitting.length < shots) {
    const of = subject === null ? task : `${task} about ${subject}`
    throw new EvaluationError(
      `question ${question.index}: there are ${fitting.length} examples of ${of}, ${shots} shots were asked for`,
    )
  }
  const solved = fitting.map(one => `${one.text} ${one.choices[one.answer]!}\n\n`)
  return description + solved.join('') + text
}

function answered(question: ChoiceQuestion, sums: Float64Array): AnsweredQuestion {
  const { index, choices } = question
  const logLikelihoods = [...sums]
  const answer = largest(logLikelihoods)
  // By characters, not by UTF-16 units or bytes: Python's len.
  const answerNorm = largest(logLikelihoods.map((sum, i) => sum / [...choices[i]!].length))
  return {
    index,
    logLikelihoods,
    answer,
    answerNorm,
    correct: answer === question.answer,
    correctNorm: answerNorm === question.answer,
  }
}

function largest(values: readonly number[]): number {
  let best = 0
  for (const [i, value] of values.entries()) if (value > values[best]!) best = i
  return best
}
