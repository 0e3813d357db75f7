/** A training job that cannot start, or cannot go on. */
export class TrainingError extends Error {
  override name = 'TrainingError'
}

/** The loss or the gradients stopped being finite. The weights are those of the last finite step. */
export class NonFiniteError extends TrainingError {
  override name = 'NonFiniteError'
}

/** A checkpoint that is damaged, belongs to another run, or is in the way of a new one. */
export class CheckpointError extends TrainingError {
  override name = 'CheckpointError'
}
