import { columnNumbers } from '../data/column-numbers'
import type { Origin } from '../data/row'
import type { Gpu } from '../gpu/gpu'
import { type Vectors, VectorsError, vectorIdentity } from './vectors'

/**
 * Vectors computed elsewhere, from a column of the rows such as Deita's `embedding`: a list of numbers each, of the
 * length that most have (of two equally frequent ones, that which comes first). Rows whose column is missing, holds
 * anything but finite numbers or has another length are `problems`.
 *
 * They are read from the rows again each time they are asked for, so that they take no memory beside them.
 *
 * @throws {VectorsError} if no row has a vector
 */
export function columnVectors(
  gpu: Gpu,
  rows: readonly Pick<Origin, 'index' | 'raw'>[],
  column: string,
): Vectors {
  const name = `column ${JSON.stringify(column)}`
  const problems = new Map<number, string>()
  const lengths = new Map<number, number>()
  const frequency = new Map<number, number>()
  for (const { index, raw } of rows) {
    const vector = vectorOf(raw, column)
    if (typeof vector === 'string') problems.set(index, vector)
    else {
      lengths.set(index, vector.length)
      frequency.set(vector.length, (frequency.get(vector.length) ?? 0) + 1)
    }
  }
  const [first] = problems.values()
  if (frequency.size === 0)
    throw new VectorsError(
      `${name}: no row has a vector${first === undefined ? '' : `; the first: ${first}`}`,
    )
  const most = Math.max(...frequency.values())
  const [dimensions] = [...frequency].find(([, count]) => count === most)!
  for (const [index, length] of lengths) {
    if (length !== dimensions)
      problems.set(
        index,
        `${JSON.stringify(column)} has ${length} values, expected ${dimensions} as most rows have`,
      )
  }
  const raws = new Map(rows.map(({ index, raw }) => [index, raw]))
  return {
    name,
    dimensions,
    gpu,
    problems,
    identity(index) {
      const vector = vectorOf(raws.get(index), column)
      return typeof vector === 'string' ? '' : vectorIdentity(vector)
    },
    async take(items, { signal } = {}) {
      signal?.throwIfAborted()
      const values = new Float32Array(items.length * dimensions)
      for (const [i, { index }] of items.entries()) {
        if (!raws.has(index)) throw new VectorsError(`${name}: there is no row ${index}`)
        const vector = problems.has(index) ? 'none' : vectorOf(raws.get(index), column)
        if (typeof vector === 'string') values.fill(Number.NaN, i * dimensions, (i + 1) * dimensions)
        else values.set(vector, i * dimensions)
      }
      return gpu.tensor([items.length, dimensions], values)
    },
  }
}

/** The vector in a row's column, or why there is none. */
function vectorOf(raw: unknown, column: string): readonly number[] | string {
  const numbers = columnNumbers(raw, column)
  if (typeof numbers === 'number') return `${JSON.stringify(column)} is one number, expected a list`
  if ('problem' in numbers) return numbers.problem
  return numbers.length > 0 ? numbers : `${JSON.stringify(column)} is an empty list`
}
