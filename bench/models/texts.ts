import type { Place } from '../harness/place'
import { randomNumbers } from '../harness/random-numbers'

/** Words of an instruction with its answer, at equal steps of the share of rows that have fewer. */
const LENGTHS = [12, 27, 36, 55, 80, 119, 170, 225, 285, 351, 600]

/** Texts from a seed: as long as the rows of a file of instructions, of words of which few are frequent. */
export function generatedTexts(count: number, seed: number): string[] {
  const { uniform } = randomNumbers(seed)
  const syllables = [...'bdfgklmnprstvz'].flatMap(a => [...'aeiou'].map(b => a + b))
  const syllable = (n: number) => syllables[n % syllables.length]!
  const word = () => {
    const n = Math.floor(4000 * uniform() ** 3)
    const [first, second] = [syllable(n), n >= 40 ? syllable(Math.floor(n / 7)) : '']
    return first + second + (n >= 1500 ? syllable(n * 31) : '')
  }
  return Array.from({ length: count }, () => {
    const at = uniform() * (LENGTHS.length - 1)
    const [below, above] = [LENGTHS[Math.floor(at)]!, LENGTHS[Math.floor(at) + 1]!]
    const words = Math.round(below + (above - below) * (at % 1))
    return `${Array.from({ length: words }, word).join(' ')}.`
  })
}

/**
 * The first texts of a JSON file of instructions: each row's instruction, input and output together.
 *
 * @throws {Error} if the file is no list of such rows
 */
export async function textsOf(place: Place, path: string, count: number): Promise<string[]> {
  const [folder, file] = [path.split('/').slice(0, -1).join('/'), path.split('/').at(-1)!]
  const rows: unknown = JSON.parse(await place.folder(folder || '.').text(file))
  if (!Array.isArray(rows) || rows.length === 0) throw new Error(`${path}: expected a list of rows`)
  return rows.slice(0, count).map((row: Record<string, unknown>, i) => {
    const parts = [row.instruction, row.input, row.output].filter(part => part !== undefined && part !== '')
    if (parts.length === 0 || parts.some(part => typeof part !== 'string'))
      throw new Error(`${path}: row ${i} has no instruction and output`)
    return parts.join('\n')
  })
}
