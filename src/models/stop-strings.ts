import { GenerationError } from './generation-error'

/**
 * Finds the end of a text that comes in pieces: before the stop string that is complete first, and of several complete
 * at once before the longest. How the text is cut into pieces does not matter.
 */
export class StopStrings {
  /** The end of the text so far that may be the beginning of a stop string. */
  #held = ''
  #found = false

  /** @throws {GenerationError} for an empty stop string */
  constructor(private readonly stops: readonly string[]) {
    const empty = stops.indexOf('')
    if (empty >= 0) throw new GenerationError(`stop string ${empty} is empty, expected some text`)
  }

  /** Whether a stop string has come. Nothing is given out any more. */
  get found(): boolean {
    return this.#found
  }

  /** Takes more text, and gives out what is known to be before any stop string. */
  push(piece: string): string {
    if (this.#found) return ''
    const text = this.#held + piece
    const begin = this.#begin(text)
    if (begin !== null) {
      this.#found = true
      this.#held = ''
      return text.slice(0, begin)
    }
    const held = Math.max(0, ...this.stops.map(stop => overlap(text, stop)))
    this.#held = text.slice(text.length - held)
    return text.slice(0, text.length - held)
  }

  /** What was held back, when no more text comes. */
  end(): string {
    const rest = this.#held
    this.#held = ''
    return rest
  }

  /** Where the text ends, or null if no stop string is in it. */
  #begin(text: string): number | null {
    let best: { readonly begin: number; readonly end: number } | null = null
    for (const stop of this.stops) {
      const begin = text.indexOf(stop)
      if (begin < 0) continue
      const end = begin + stop.length
      if (!best || end < best.end || (end === best.end && begin < best.begin)) best = { begin, end }
    }
    return best?.begin ?? null
  }
}

/** Length of the longest end of `text` that is the beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let n = Math.min(text.length, stop.length - 1); n > 0; n--) {
    if (text.endsWith(stop.slice(0, n))) return n
  }
  return 0
}
