import { DataError, Unreadable } from './data-error'
import { type Fields, field, isFields } from './fields'
import type { RecordKind } from './record-stream'
import type { Origin } from './row'

/**
 * A record in another format, which is read back to see that it still says the same. `ambiguous`: a format that is read
 * in several ways.
 *
 * @throws {DataError} naming the record, when the format has no place for something
 */
export function converted<Name extends string, T>(
  record: T & Origin,
  kind: RecordKind<Name, T>,
  format: Name,
  make: (own: Name) => string,
  isSame: (again: T) => boolean,
  ambiguous?: Name,
): string | undefined {
  if (!kind.formats.some(({ name }) => name === format)) {
    const known = kind.formats.map(({ name }) => name).join(', ')
    throw new DataError(`cannot write a ${kind.noun} as "${format}"; its formats are ${known}`)
  }
  const { raw } = record
  const own = isFields(raw) ? kind.formats.find(one => one.matches(raw)) : undefined
  if (own?.name === format) return undefined
  const refuse = (reason: string, cause?: unknown): DataError =>
    new DataError(`${kind.noun} ${record.index + 1} cannot be written as ${format}: ${reason}`, { cause })
  if (own === undefined) throw refuse('it has no shape of its own from which its other fields could be told')
  try {
    // Fields are told apart by the shape that the record has, which is not always the one it was read as.
    if (own.name !== ambiguous && !isSame(own.read(raw as Fields)))
      throw refuse(`it looks like ${own.name}, and was not read as that`)
    const text = make(own.name)
    const fields = JSON.parse(text) as Fields
    const found = kind.formats.find(one => one.matches(fields))
    if (found?.name !== format)
      throw refuse(`with its other fields it would be read as ${found?.name ?? 'nothing'}`)
    if (!isSame(found.read(fields))) throw refuse('it would be read as something else')
    return text
  } catch (error) {
    if (error instanceof Unreadable)
      throw refuse(`it could not be read again, because ${error.message}`, error)
    if (!(error instanceof DataError) || error.message.startsWith(`${kind.noun} `)) throw error
    throw refuse(error.message, error)
  }
}

/** The fields of `names` that went into the turns: a system text beside turns that have one is left where it is. */
export function used(record: Origin, names: readonly string[], list: string): readonly string[] {
  const turns = isFields(record.raw) ? field(record.raw, list) : undefined
  const hasSystem =
    Array.isArray(turns) &&
    turns.some(
      turn =>
        isFields(turn) &&
        ['system', 'developer'].includes(String(field(turn, 'role') ?? field(turn, 'from'))),
    )
  return hasSystem ? names.filter(name => name !== 'system') : names
}
