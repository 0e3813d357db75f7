/** Finds the texts of special tokens; among those that begin at one place, the longest, as tokenizers do. */
export class SpecialTexts {
  readonly #pattern: RegExp | null
  readonly #beginning: RegExp | null

  constructor(texts: readonly string[]) {
    const longestFirst = [...texts].sort((a, b) => b.length - a.length)
    const escaped = longestFirst.map(text => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    const any = escaped.join('|')
    this.#pattern = texts.length === 0 ? null : new RegExp(any, 'g')
    this.#beginning = texts.length === 0 ? null : new RegExp(`^(?:${any})`)
  }

  begins(text: string): boolean {
    return this.#beginning?.test(text) ?? false
  }

  replace(text: string, by: (special: string) => string): string {
    return this.#pattern ? text.replace(this.#pattern, by) : text
  }
}

/**
 * A name that no text holds: 25 random letters. Letters only, because normalizers leave small letters as they are.
 * Which letters they are shows in no result.
 */
export function unusedName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(25))
  return letters(bytes)
}

/** A number as letters. */
export const numberName = (n: number): string => letters([...String(n)].map(Number))

const letters = (values: Iterable<number>) =>
  Array.from(values, value => String.fromCharCode(97 + (value % 25))).join('')
