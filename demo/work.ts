import type { Failure } from './protocol'
import { announcement, fail, lost, type Stage, task } from './state'

/** After these the device does nothing more. */
const terminal = new Set(['GpuError', 'ValidationError', 'OutOfMemoryError', 'DeviceLostError'])

export function failureOf(error: unknown): Failure {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) }
}

/** What is said of a piece of work beside its share: how much of how much, and how fast. */
export interface Rate {
  readonly note: string
  /** Better known than from the share and the time that went by. */
  readonly secondsLeft: number | null
}

export type OnProgress = (fraction: number | null, label?: string, rate?: Rate) => void

/**
 * Does one long piece of work: shows its progress, and its error where it belongs.
 *
 * @returns what it gave, or undefined if it failed, was cancelled, or other work is going on
 */
export async function work<T>(
  stage: Stage,
  label: string,
  run: (progress: OnProgress) => Promise<T>,
): Promise<T | undefined> {
  if (task.value) return undefined
  let begin = performance.now()
  let told = 0
  task.value = { stage, label, fraction: null, note: null, secondsLeft: null, cancelling: false }
  fail(stage, null)
  announcement.value = `${label}.`
  const progress: OnProgress = (fraction, newLabel, rate) => {
    const now = task.value
    if (!now) return
    if (newLabel !== undefined && newLabel !== now.label) {
      begin = performance.now()
      told = 0
    }
    const elapsed = (performance.now() - begin) / 1000
    const known = fraction !== null && fraction > 0.02 && elapsed > 1
    const secondsLeft = rate ? rate.secondsLeft : known ? (elapsed * (1 - fraction)) / fraction : null
    task.value = { ...now, label: newLabel ?? now.label, fraction, note: rate?.note ?? null, secondsLeft }
    const quarter = Math.floor((fraction ?? 0) * 4)
    if (quarter > told && quarter < 4) {
      told = quarter
      announcement.value = `${task.value.label}: ${25 * quarter} percent.`
    }
  }
  try {
    const value = await run(progress)
    announcement.value = `${label}: done.`
    return value
  } catch (error) {
    const failure = failureOf(error)
    if (failure.name === 'AbortError') {
      announcement.value = `${label}: cancelled.`
      return undefined
    }
    fail(stage, failure)
    if (terminal.has(failure.name)) lost.value ??= failure.message
    announcement.value = `${label}: failed. ${failure.message}`
    return undefined
  } finally {
    task.value = null
  }
}

// Files that are given at once are read one after the other.
let last: Promise<void> = Promise.resolve()

export function inTurn(read: () => Promise<void>): Promise<void> {
  last = last.then(read)
  return last
}
