import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FileDigest } from '../index'
import { UsageError } from './options'

/** What a run was begun with, in its folder, beside the options that `training.json` has. */
export const BEGUN_FILE = 'run.json'

/** What a run was begun with besides its options: a run that goes on must have the same. */
export interface BegunRun {
  /** Flags of the command that need not be typed again, with absolute paths. */
  readonly flags: Readonly<Record<string, string>>
  /** Digests of the data and of the adapter's files. */
  readonly inputs: readonly FileDigest[]
  readonly judge: string | null
  readonly recipe: { readonly name: string; readonly variant: 'scaled' | 'published' } | null
}

/** What the run in a folder was begun with; null if it does not say. @throws {UsageError} for a file that is none */
export function readBegun(out: string): BegunRun | null {
  const path = join(out, BEGUN_FILE)
  if (!existsSync(path)) return null
  try {
    const { flags, inputs, judge, recipe } = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof flags !== 'object' || flags === null || !Array.isArray(inputs))
      throw new SyntaxError('it does not say what the run was begun with')
    return { flags, inputs, judge, recipe }
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** A path as it is from anywhere; what is none, such as an id of the Hub or standard input, as it is. */
export const fromAnywhere = (path: string): string => (existsSync(path) ? resolve(path) : path)

/** Flags in which all of a run must agree; of files the content must. */
const SAME = ['model', 'revision'] as const

/**
 * Flags that a run was begun with and that are not typed, to go on with it.
 *
 * @throws {UsageError} for a typed one that is another
 */
export function missingFlags(
  { flags }: BegunRun,
  out: string,
  typed: (name: string) => string | null,
  dataFlags: readonly string[],
): string[] {
  for (const name of SAME) {
    const now = typed(name)
    if (now === null || fromAnywhere(now) === flags[name]) continue
    throw new UsageError(otherwise(out, `--${name} is ${now}`, flags[name] ?? defaults[name]))
  }
  const adapter = typed('adapter')
  if (adapter !== null && flags.adapter === undefined)
    throw new UsageError(otherwise(out, `--adapter is ${adapter}`, 'a fresh adapter'))
  const hasData = dataFlags.some(name => typed(name) !== null)
  return Object.entries(flags).flatMap(([name, value]) =>
    typed(name) !== null || (hasData && dataFlags.includes(name)) ? [] : [`--${name}=${value}`],
  )
}

const defaults = { model: 'the bundled model', revision: 'no revision' }

/** @throws {UsageError} if files are not those that the run in a folder was begun with */
export function checkInputs(out: string, begun: BegunRun, inputs: readonly FileDigest[]): void {
  inputs.forEach(({ name, sha256 }, i) => {
    const was = begun.inputs[i]
    if (was?.sha256 !== sha256) {
      const content = was?.name === name ? `another ${name}` : (was?.name ?? 'no such file')
      throw new UsageError(otherwise(out, `${name} is read`, content))
    }
  })
}

/** @throws {UsageError} if answers are to be ranked by another judge than in the run */
export function checkJudge(out: string, begun: BegunRun, judge: string): void {
  if (begun.judge !== null && judge !== begun.judge)
    throw new UsageError(otherwise(out, `--judge is ${judge}`, begun.judge))
}

const otherwise = (out: string, now: string, was: string) =>
  `${now}, and the run in ${out} was begun with ${was}: go on with that, or name another folder`
