/** A file that cannot be read or written at all; the message names the place, the cause and the way out. */
export class DataError extends Error {
  override name = 'DataError'
}

/** One row or pair that cannot be read; readers turn it into a counted `Problem`, it never leaves src/data. */
export class Unreadable extends Error {
  override name = 'Unreadable'
}
