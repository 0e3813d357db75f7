import { type ExchangeScores, type Scorer, scoreExchanges } from './scorer'
import { ScorerError } from './scorer-error'

/**
 * Several scorers as one, which gives the scores of all, one scorer after the other.
 *
 * @throws {ScorerError} if there is none, or if two give a score of the same name
 */
export function combinedScorer(...scorers: readonly Scorer[]): Scorer {
  if (scorers.length === 0) throw new ScorerError('combinedScorer: there is no scorer')
  const owner = new Map<string, string>()
  for (const { name, keys } of scorers) {
    for (const key of keys) {
      const other = owner.get(key)
      if (other !== undefined)
        throw new ScorerError(`combinedScorer: ${other} and ${name} both give ${key}; a score has one scorer`)
      owner.set(key, name)
    }
  }
  return {
    name: scorers.map(({ name }) => name).join(' + '),
    keys: [...owner.keys()],
    async score(exchanges, { signal, onProgress }) {
      const results: ExchangeScores[][] = []
      for (const [i, scorer] of scorers.entries()) {
        const part = (fraction: number) => onProgress?.((i + fraction) / scorers.length)
        results.push(
          await scoreExchanges(exchanges, scorer, { ...(signal ? { signal } : {}), onProgress: part }),
        )
      }
      return exchanges.map((_, e) => ({
        scores: Object.fromEntries(results.flatMap(list => Object.entries(list[e]!.scores))),
        truncated: results.some(list => list[e]!.truncated),
      }))
    },
  }
}
