import { CheckpointError } from './errors'

/** What decides the numbers of a run, by name: digests of model and data, and the options. */
export type Fingerprint = Readonly<Record<string, string>>

/** Longer values are digests or lists: they are said to differ, not shown. */
const SHOWN = 40

/**
 * Compares what a checkpoint belongs to with what a run is.
 *
 * @param file the checkpoint's, for the message
 * @throws {CheckpointError} naming everything in which they differ
 */
export function checkFingerprint(found: Fingerprint, wanted: Fingerprint, file: string): void {
  const names = [...new Set([...Object.keys(found), ...Object.keys(wanted)])].sort()
  const differing = names.filter(name => part(found, name) !== part(wanted, name))
  if (differing.length === 0) return
  const told = differing.map(name => {
    const [before, now] = [part(found, name), part(wanted, name)]
    const isShort = [before, now].every(value => value === null || value.length <= SHOWN)
    return isShort ? `${name} was ${before ?? 'not given'} and is ${now ?? 'not given'}` : `${name} differs`
  })
  throw new CheckpointError(
    `${file} belongs to another run: ${told.join('; ')}. Resume with what it was begun with, or name another store`,
  )
}

const part = (of: Fingerprint, name: string) => (Object.hasOwn(of, name) ? of[name]! : null)
