import type { Missing, Score } from './score'
import { ScorerError } from './scorer-error'

/**
 * Reciprocal rank fusion: Σ over rankings of 1 / (k + rank), rank 1 for the highest score
 * (Cormack, Clarke, Büttcher 2009, https://doi.org/10.1145/1571941.1572114). It joins scores whose scales have nothing
 * in common. Equal scores share the best of their ranks, so that the order of the items does not count.
 *
 * Ranks are among all items given: unlike a score of its own, an item's result changes with the others.
 *
 * @param rankings scores of the same items in the same order; an item without one of them has no result
 * @throws {ScorerError} if there is no ranking, if they differ in length, or if `k` is negative
 */
export function rankFusion(rankings: readonly (readonly Score[])[], { k = 60 } = {}): Score[] {
  const [first] = rankings
  if (!first) throw new ScorerError('rankFusion: there are no rankings')
  const other = rankings.find(({ length }) => length !== first.length)
  if (other)
    throw new ScorerError(`rankFusion: one ranking has ${other.length} scores, another ${first.length}`)
  if (!(k >= 0 && k < Infinity)) throw new ScorerError(`rankFusion: k is ${k}, expected 0 or a number above`)
  const ranks = rankings.map(ranksOf)
  return first.map((_, i) => {
    const missing = rankings.map(scores => reasonOf(scores[i]!)).find(reason => reason !== null)
    return missing ?? ranks.reduce((sum, rank) => sum + 1 / (k + rank[i]!), 0)
  })
}

/** Why a score cannot be ranked, or null. */
function reasonOf(score: Score): Missing | null {
  if (typeof score !== 'number') return score
  return Number.isFinite(score) ? null : { missing: `its score is ${score}` }
}

/** Rank of each score, from 1; 0 for those that have none. */
function ranksOf(scores: readonly Score[]): number[] {
  const order = scores.flatMap((score, i) => (reasonOf(score) ? [] : [{ score: score as number, i }]))
  order.sort((a, b) => b.score - a.score)
  const ranks = new Array<number>(scores.length).fill(0)
  order.forEach(({ score, i }, at) => {
    const before = order[at - 1]
    ranks[i] = before && before.score === score ? ranks[before.i]! : at + 1
  })
  return ranks
}
