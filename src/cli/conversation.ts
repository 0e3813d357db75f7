import { type Generated, type GenerateOptions, generate, type Model } from '../index'

export interface Answer extends Generated {
  readonly answer: string
}

interface Said {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** A conversation with a model: what was said, which every answer follows from. */
export class Conversation {
  readonly #model: Model
  readonly #options: GenerateOptions
  readonly #opening: readonly Said[]
  #said: readonly Said[]
  #answers = 0

  constructor(model: Model, system: string | null, options: GenerateOptions) {
    this.#model = model
    this.#options = options
    this.#opening = system === null ? [] : [{ role: 'system', content: system }]
    this.#said = this.#opening
  }

  /** Forgets what was said, but for the system's turn. */
  reset(): void {
    this.#said = this.#opening
    this.#answers = 0
  }

  /**
   * Answers a turn of the user, piece by piece. What was said stays said when the answer is stopped; a turn that gets
   * no word of an answer is forgotten.
   *
   * @throws the errors of `generate`, and the signal's reason
   */
  async *answer(content: string, signal: AbortSignal): AsyncGenerator<string, Answer, undefined> {
    const asked = [...this.#said, { role: 'user', content } as const]
    // Each answer draws from numbers of its own.
    const seed = (this.#options.seed ?? 0) + this.#answers++
    const running = generate(this.#model, asked, { ...this.#options, seed, signal })
    let answer = ''
    const pieces = keepingResult(running)
    try {
      for await (const piece of pieces) {
        answer += piece
        yield piece
      }
    } finally {
      if (answer !== '') this.#said = [...asked, { role: 'assistant', content: answer }]
    }
    return { answer, ...pieces.result() }
  }
}

/** A generator whose return value can be asked for after a loop over it. */
export function keepingResult<T, R>(running: AsyncGenerator<T, R, undefined>) {
  let result: { readonly value: R } | null = null
  const items = (async function* () {
    result = { value: yield* running }
  })()
  return Object.assign(items, {
    /** @throws {Error} if the loop did not come to the end */
    result: (): R => {
      if (!result) throw new Error('the generator was left before its end')
      return result.value
    },
  })
}
