import { type Tokenizer, TokenizerError } from './tokenizer'

/**
 * The tokenizer, refusing text with tokens that the model has no embedding for: some hold entries beyond a model's
 * vocabulary.
 */
export function withinVocabulary(tokenizer: Tokenizer, vocabulary: number, name: string): Tokenizer {
  if (tokenizer.size <= vocabulary) return tokenizer
  const check = <Encoded>(encoded: Encoded, ids: readonly number[]): Encoded => {
    const beyond = ids.find(id => id >= vocabulary)
    if (beyond === undefined) return encoded
    throw new TokenizerError(
      `${name}: the text holds token ${beyond}, and the model's vocabulary ends at ${vocabulary}`,
    )
  }
  return {
    ...tokenizer,
    encode(text, options) {
      const ids = tokenizer.encode(text, options)
      return check(ids, ids)
    },
    encodePieces(pieces, options) {
      const encoded = tokenizer.encodePieces(pieces, options)
      return check(encoded, encoded.ids)
    },
  }
}
