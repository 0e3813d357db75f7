/** Something that cannot be evaluated; the message names it, what was got, and the way out. */
export class EvaluationError extends Error {
  override name = 'EvaluationError'
}
