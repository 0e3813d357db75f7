/** Vectors or settings that similarities cannot be computed for. */
export class SimilarityError extends Error {
  override name = 'SimilarityError'
}
