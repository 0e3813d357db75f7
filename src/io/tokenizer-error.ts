/** A tokenizer whose files are missing or unusable, or that was given what it cannot encode, decode or render. */
export class TokenizerError extends Error {
  override name = 'TokenizerError'
}
