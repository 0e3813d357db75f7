import type { Tokenizer } from '../io/tokenizer'

/**
 * The text of tokens that come one by one. Its pieces are in all what the tokenizer makes of all ids; special tokens
 * have no text, and neither have ids beyond the tokenizer's, which some models have embeddings for.
 *
 * Only the last tokens are decoded again: those that made the last piece, for what a tokenizer makes of a token
 * depends on the one before it, and those behind them, whose characters are not whole yet.
 */
export class TokenText {
  #ids: number[] = []
  /** How many of them have been given out. */
  #given = 0
  /** What these give by themselves. */
  #text = ''

  constructor(private readonly tokenizer: Pick<Tokenizer, 'decode' | 'size'>) {}

  /** Takes a token, and gives out the text that is settled by it: characters of several tokens come whole. */
  push(id: number): string {
    if (id >= this.tokenizer.size) return ''
    this.#ids.push(id)
    const text = this.#decode()
    if (text.length <= this.#text.length || text.endsWith('\uFFFD')) return ''
    const piece = text.slice(this.#text.length)
    this.#ids = this.#ids.slice(this.#given)
    this.#given = this.#ids.length
    this.#text = this.#decode()
    return piece
  }

  /** The rest, when no more tokens come: characters that were never finished, as U+FFFD. */
  end(): string {
    return this.#decode().slice(this.#text.length)
  }

  #decode(): string {
    return this.tokenizer.decode(this.#ids, { skipSpecialTokens: true })
  }
}
