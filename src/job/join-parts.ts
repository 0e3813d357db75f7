import { DataError } from '../data/data-error'
import type { Problem } from '../data/row'
import { PooledRow, type RowNumbers, type Texts } from './pooled-row'

/** A file of a pool: what it held. */
export interface Part {
  /** What errors call it. */
  readonly name: string
  readonly rows: readonly RowNumbers[]
  /** What could not be read of it. */
  readonly problems: readonly Problem[]
  /** What could not be read of the file that it was made of, by the positions there. */
  readonly missing: readonly Problem[]
}

/** The rows of one or several files as one pool. */
export interface JoinedParts {
  /** By ascending index. */
  readonly rows: readonly PooledRow[]
  /** By ascending index. */
  readonly problems: readonly Problem[]
  /** Position in the pool of the row or problem at position `local` of the file `part`. */
  indexOf(part: number, local: number): number
}

/**
 * Joins files to one pool. Where all rows say their position in one file that they are parts of, as those of `score`
 * do, they are put together as they were; else the files are counted through, one behind the other.
 *
 * @throws {DataError} if only some rows say a position, or if what cannot be read of a part would have no position
 */
export function joinParts(parts: readonly Part[], texts: Texts): JoinedParts {
  const areParts = arePartsOfOne(parts)
  const offsets: number[] = []
  let total = 0
  for (const { rows, problems } of parts) {
    offsets.push(total)
    for (const { local } of rows) total = Math.max(total, offsets.at(-1)! + local + 1)
    for (const { index } of problems) total = Math.max(total, offsets.at(-1)! + index + 1)
  }
  const said = parts.map(({ rows }) => (areParts ? new Map(rows.map(row => [row.local, row.said!])) : null))
  const indexOf = (part: number, local: number) => said[part]?.get(local) ?? offsets[part]! + local
  const numbers = parts
    .flatMap(({ rows }, part) => rows.map(row => ({ row, index: indexOf(part, row.local) })))
    .sort((a, b) => a.index - b.index)
  const seen = new Set<string>()
  const rows = numbers.map(({ row, index }) => {
    const id = seen.has(row.ownId) ? `${row.ownId}-${index}` : row.ownId
    seen.add(row.ownId)
    return new PooledRow(row, index, id, texts)
  })
  const problems = parts
    .flatMap(({ problems, missing }, part) =>
      areParts ? missing : problems.map(problem => ({ ...problem, index: indexOf(part, problem.index) })),
    )
    .sort((a, b) => a.index - b.index)
  return { rows, problems, indexOf }
}

function arePartsOfOne(parts: readonly Part[]): boolean {
  const positions = new Set<number>()
  let rows = 0
  let without: { readonly name: string; readonly local: number } | undefined
  for (const { name, rows: some } of parts) {
    for (const { said, local } of some) {
      rows++
      if (said === undefined) without ??= { name, local }
      else positions.add(said)
    }
  }
  if (positions.size === 0) return false
  if (without) {
    throw new DataError(
      `${without.name}: row ${without.local} has no position in the file it was scored in (tabtune_row), and others have; ` +
        'give parts of one file, or files as they are',
    )
  }
  // The same position twice: files that were scored apart, not parts of one.
  if (positions.size < rows) return false
  const broken = parts.find(({ problems }) => problems.length > 0)
  if (!broken) return true
  const [{ index, reason }] = broken.problems as [Problem]
  throw new DataError(
    `${broken.name} is a part of a scored file, and its row ${index} ${reason}; make the part again`,
  )
}
