import { contentId } from './content-id'
import { DataError, Unreadable } from './data-error'
import { type Fields, field, filledText, isFields, kindOf } from './fields'
import type { Rewards } from './rewards'

/** How two of UltraFeedback's scored answers become a pair. */
export interface BinarizeOptions {
  /** `overall`: by `overall_score`. `aspects`: by the mean of the ratings under `annotations`. Default: `overall`. */
  readonly by?: 'overall' | 'aspects'
  /**
   * The answer that is rejected: the one that scores lowest, or one drawn from those that score lower than the best, as
   * Zephyr's pairs were made. Default: `lowest`.
   */
  readonly rejected?: 'lowest' | 'random'
  /** For `random`. Default: 0. */
  readonly seed?: number
}

/** @throws {DataError} for a value that is none of these */
export function checkBinarize({ by = 'overall', rejected = 'lowest' }: BinarizeOptions): void {
  if (!['overall', 'aspects'].includes(by))
    throw new DataError(`cannot binarize by "${by}": by is overall or aspects`)
  if (!['lowest', 'random'].includes(rejected))
    throw new DataError(`cannot binarize with "${rejected}" rejected: rejected is lowest or random`)
}

interface Scored {
  readonly text: string
  readonly score: number
}

/** A rating is a number from 1 to 5 as text, or "N/A". */
function meanRating(annotations: unknown): number | undefined {
  if (!isFields(annotations)) return undefined
  const ratings = Object.values(annotations).flatMap(aspect => {
    const rating = isFields(aspect) ? field(aspect, 'Rating') : undefined
    const value = typeof rating === 'string' && rating.trim() !== '' ? Number(rating) : rating
    return typeof value === 'number' && Number.isFinite(value) ? [value] : []
  })
  return ratings.length > 0 ? ratings.reduce((a, b) => a + b, 0) / ratings.length : undefined
}

function scoredAnswers(fields: Fields, by: 'overall' | 'aspects'): readonly Scored[] {
  const completions = field(fields, 'completions')
  if (!Array.isArray(completions))
    throw new Unreadable(`"completions" is ${kindOf(completions)}, wanted a list`)
  return completions.flatMap((completion: unknown, i): Scored[] => {
    if (!isFields(completion))
      throw new Unreadable(`completion ${i + 1} is ${kindOf(completion)}, wanted an object`)
    const score =
      by === 'overall' ? field(completion, 'overall_score') : meanRating(field(completion, 'annotations'))
    if (typeof score !== 'number' || !Number.isFinite(score)) return []
    return [{ text: filledText(field(completion, 'response'), `completion ${i + 1}: "response"`), score }]
  })
}

/**
 * The answer that scores highest against a lower one. Where several score the same, the first of them stands for all. An
 * answer without a score takes no part.
 *
 * @throws {Unreadable} when fewer than two answers have scores, or all have the same
 */
export function binarize(
  fields: Fields,
  { by = 'overall', rejected = 'lowest', seed = 0 }: BinarizeOptions,
): Rewards & { readonly chosen: string; readonly rejected: string } {
  const answers = scoredAnswers(fields, by)
  const [first] = answers
  if (!first || answers.length < 2) {
    const what = by === 'overall' ? 'an "overall_score"' : 'ratings under "annotations"'
    const number = answers.length === 1 ? '1 completion has' : `${answers.length} completions have`
    throw new Unreadable(`${number} ${what}, wanted two at least`)
  }
  const best = answers.reduce((most, one) => (one.score > most.score ? one : most), first)
  const lower = answers.filter(one => one.score < best.score)
  const [some] = lower
  if (!some)
    throw new Unreadable(`all ${answers.length} completions score ${best.score}: there is no preference`)
  // Drawn by the text, so that the same record gives the same pair wherever it stands.
  const draw = Number.parseInt(contentId(JSON.stringify([seed, answers])).slice(8), 16) % lower.length
  const worse =
    rejected === 'random'
      ? lower[draw]!
      : lower.reduce((least, one) => (one.score < least.score ? one : least), some)
  return { chosen: best.text, chosenReward: best.score, rejected: worse.text, rejectedReward: worse.score }
}
