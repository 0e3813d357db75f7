/**
 * Numbers joined by commas.
 *
 * @throws {Error} if one is not a whole number above zero
 */
export function numbersIn(name: string, text: string): readonly number[] {
  return text.split(',').map(word => {
    const number = Number(word)
    if (!Number.isSafeInteger(number) || number <= 0) {
      throw new Error(`--${name} has ${word}, expected whole numbers joined by commas`)
    }
    return number
  })
}

/**
 * Names joined by commas, or `all`.
 *
 * @throws {Error} if one is not among those there are
 */
export function namesIn<N extends string>(name: string, text: string, known: readonly N[]): readonly N[] {
  if (text === 'all') return known
  return text.split(',').map(word => {
    const found = known.find(one => one === word)
    if (!found) throw new Error(`--${name} has ${word}, expected all or some of ${known.join(',')}`)
    return found
  })
}
