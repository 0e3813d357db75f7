/** A scorer that cannot score, or scores that are asked for in a way that has no meaning. */
export class ScorerError extends Error {
  override name = 'ScorerError'
}
