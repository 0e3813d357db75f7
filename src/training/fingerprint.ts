import { CheckpointError } from './errors'

/** What decides the numbers of a run, by name: digests of model and data, and the options. */
export type Fingerprint = Readonly<Record<string, string>>

const LOG_PROBS = 'log-probs'
/** Of log-probs in nats. GPUs and versions of browsers round differently; that must not cost a run. */
const TOLERANCE = 1e-3

/** Log-probs as a part of a fingerprint: every bit of them, since it may be the key of what they alone decide. */
export const logProbsPart = (values: ArrayLike<number>): string =>
  [LOG_PROBS, ...Array.from(values, String)].join(' ')

/** Whether two parts are the same text, or the same log-probs but for rounding. */
export function isSamePart(a: string, b: string): boolean {
  if (a === b) return true
  const [[kind, ...before], [other, ...now]] = [a.split(' '), b.split(' ')]
  if (kind !== LOG_PROBS || other !== LOG_PROBS || before.length !== now.length) return false
  return before.every((value, i) => {
    const wanted = Number(value)
    return Math.abs(Number(now[i]) - wanted) <= TOLERANCE * (1 + Math.abs(wanted))
  })
}

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
  const differing = names.filter(name => {
    const [before, now] = [part(found, name), part(wanted, name)]
    return before === null || now === null || !isSamePart(before, now)
  })
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
