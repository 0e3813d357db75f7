import { parseArgs } from 'node:util'
import type { Options } from './subject'

/** Where the results go, for every subject. */
export interface OutputOptions {
  /** Print JSON in place of the table. */
  readonly json: boolean
  /** Write the JSON to this file too; '' for none. */
  readonly out: string
}

/**
 * Reads `--name value` for a subject's options; `--name` alone for those that are true or false.
 *
 * @throws {Error} if an option is unknown or has another type than its default
 */
export function readOptions<O extends Options>(words: readonly string[], defaults: O): O & OutputOptions {
  const all: Options = { ...defaults, json: false, out: '' }
  const flags = Object.entries(all).map(([name, value]) => [
    name,
    { type: typeof value === 'boolean' ? ('boolean' as const) : ('string' as const) },
  ])
  const parsed = parseArgs({ args: [...words], options: Object.fromEntries(flags), allowNegative: true })
  const values: Readonly<Record<string, unknown>> = parsed.values
  const options = Object.entries(all).map(([name, initial]) => {
    const given = values[name]
    if (given === undefined || typeof initial !== 'number') return [name, given ?? initial]
    const number = Number(given)
    if (!Number.isFinite(number)) throw new Error(`--${name} is ${given}, expected a number`)
    return [name, number]
  })
  return Object.fromEntries(options) as O & OutputOptions
}
