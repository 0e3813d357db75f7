import type { Embedder, EmbedOptions } from '../embedding/embedder'
import type { Score } from '../scoring/scorer'
import { cosine, squaredLength } from '../similarity/metric'
import { type Budget, budgetMeter, checkBudget } from './budget'
import { excluded, invalid, keepFirst, measured } from './keep-first'
import { sized } from './pair-gaps'
import type { PairItem } from './pool'
import { SelectionError } from './selection-error'
import type { Selector } from './selector'

/** A pair that knows how alike its answers are. */
export interface ComparedPair extends PairItem {
  /** Cosine of the answers' embeddings; see `answerSimilarities`. */
  readonly answerSimilarity?: Score
}

export interface DissimilarAnswersOptions {
  /** Pairs whose answers are more alike are left out. */
  readonly maxSimilarity: number
  /** Tokens are those of both answers. */
  readonly budget?: Budget
}

/** Pairs embedded at a time. */
const BATCH = 128

/**
 * The cosine of the embeddings of each pair's answers, in double precision; without the prompts, as in REAL.
 *
 * @throws the signal's reason once it is aborted
 */
export async function answerSimilarities(
  embedder: Embedder,
  pairs: readonly { readonly chosen: string; readonly rejected: string }[],
  options: EmbedOptions = {},
): Promise<Score[]> {
  const { gpu, dimensions } = embedder
  const similarities: Score[] = []
  for (let begin = 0; begin < pairs.length; begin += BATCH) {
    const batch = pairs.slice(begin, begin + BATCH)
    using vectors = await embedder.embed(
      batch.flatMap(({ chosen, rejected }) => [chosen, rejected]),
      options,
    )
    const values = await gpu.read(vectors)
    const vector = (row: number) => values.subarray(row * dimensions, (row + 1) * dimensions)
    for (const pair of batch.keys()) similarities.push(similarity(vector(2 * pair), vector(2 * pair + 1)))
  }
  return similarities
}

function similarity(x: Float32Array, y: Float32Array): Score {
  const [xx, yy] = [squaredLength(x), squaredLength(y)]
  if (!Number.isFinite(xx + yy)) return { missing: "an answer's embedding is not finite" }
  if (xx === 0 || yy === 0) return { missing: "an answer's embedding is zero" }
  return cosine.similarity(x, y, xx, yy)
}

/**
 * Pairs whose answers differ clearly, so that a preference between them says something (Zhang et al. 2024,
 * arXiv 2409.17169).
 *
 * Pairs are taken by ascending similarity of their answers, those of equal similarity by index; those above
 * `maxSimilarity` are left out. The value of an outcome is the similarity.
 *
 * @throws {SelectionError} if an option is out of its range
 */
export function dissimilarAnswers({
  maxSimilarity,
  budget = Infinity,
}: DissimilarAnswersOptions): Selector<ComparedPair> {
  checkBudget('dissimilar-answers', budget)
  if (!(maxSimilarity >= -1 && maxSimilarity <= 1)) {
    throw new SelectionError(
      `dissimilar-answers: maxSimilarity is ${maxSimilarity}, expected a cosine from -1 to 1`,
    )
  }
  return {
    name: 'dissimilar-answers',
    async select({ items }, options) {
      const pairs = sized(items)
      const meter = budgetMeter('dissimilar-answers', budget, pairs)
      return keepFirst(
        pairs,
        pair => meter.take(pair),
        (_, place) => {
          const alike = measured("answers' similarity", items[place]!.answerSimilarity)
          if (typeof alike !== 'number') return invalid(alike.missing)
          if (alike <= maxSimilarity) return { key: alike, value: alike }
          return excluded(`its answers are too alike: cosine ${alike}, above ${maxSimilarity}`, alike)
        },
        options,
      )
    },
  }
}
