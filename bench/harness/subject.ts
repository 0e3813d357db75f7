import type { Place, PlaceName } from './place'
import type { Versions } from './versions'

/** An option of a subject, by its default: `--rows 100000`, `--peers none`. */
export type Options = Readonly<Record<string, number | string | boolean>>

/** A row of a subject's table: the columns' headings and what stands below them. */
export type Line = Readonly<Record<string, string | number>>

export interface Report {
  /** The adapter that all contenders ran on. */
  readonly adapter: string
  readonly versions: Versions
  /** Sentences for people, above the table. */
  readonly notes: readonly string[]
  readonly table: readonly Line[]
  /** Everything that was measured, for machines. */
  readonly results: object
  /** What must hold and does not. */
  readonly failures: readonly string[]
}

/** What is measured: one file a subject. */
export interface Subject<O extends Options = Options> {
  readonly name: string
  /** One line for the list of subjects. */
  readonly what: string
  readonly defaults: O
  /** Where it can run. Default: everywhere; a subject that says so may import what a page has not. */
  readonly places?: readonly PlaceName[]
  run(options: O, place: Place): Promise<Report>
}
