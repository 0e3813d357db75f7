import { parseArgs } from 'node:util'
import type { PlaceName } from './place'
import type { Options } from './subject'

/** Where a subject runs and where the results go, for every subject. */
export const commonDefaults = {
  /** `node`, `chromium` or `both`. */
  in: 'node',
  /** Print JSON in place of the table. */
  json: false,
  /**
   * Write the JSON too: to this file if it ends in .json, else into this folder, one file a subject and adapter; ''
   * for none.
   */
  out: '',
  /** Flags for Dawn in Node, joined by commas within a flag and by spaces between flags. */
  dawn: '',
}

export type CommonOptions = typeof commonDefaults

/**
 * Reads `--name value` for a subject's options; `--name` alone for those that are true or false.
 *
 * @throws {Error} if an option is unknown or has another type than its default
 */
export function readOptions<O extends Options>(words: readonly string[], defaults: O): O & CommonOptions {
  const all: Options = { ...defaults, ...commonDefaults }
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
  return Object.fromEntries(options) as O & CommonOptions
}

/** @throws {Error} if `text` names no place */
export function placesNamed(text: string): readonly PlaceName[] {
  if (text === 'both') return ['node', 'chromium']
  if (text === 'node' || text === 'chromium') return [text]
  throw new Error(`--in is ${text}, expected node, chromium or both`)
}
