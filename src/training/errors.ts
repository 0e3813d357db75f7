/** A training job that cannot start, or cannot go on. */
export class TrainingError extends Error {
  override name = 'TrainingError'
}

/** The loss or the gradients stopped being finite. The weights are those of the last finite step. */
export class NonFiniteError extends TrainingError {
  override name = 'NonFiniteError'
}
