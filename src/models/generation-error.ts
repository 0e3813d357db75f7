/** A text cannot be generated: an option out of its range, a prompt without room for an answer, logits that are no numbers. */
export class GenerationError extends Error {
  override name = 'GenerationError'
}
