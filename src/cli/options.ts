import { parseArgs } from 'node:util'
import { nearestName } from '../index'

/** A command line that cannot be run; the message says what is wrong in one line. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Options by name: whether they take a value or are switches. */
export type OptionSpec = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>

export const text = { type: 'string' } as const
export const flag = { type: 'boolean' } as const

/** The options and operands of a command as they were typed, read one by one with what each of them takes. */
export class Given<Spec extends OptionSpec> {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>
  /** What stands beside the options, such as files. */
  readonly operands: readonly string[]

  /** @throws {UsageError} for an option that is not in `spec`, or that lacks its value */
  constructor(spec: Spec, argv: readonly string[]) {
    try {
      const { values, positionals } = parseArgs({
        args: [...argv],
        options: spec,
        allowPositionals: true,
        strict: true,
      })
      this.#values = values as Record<string, string | boolean | undefined>
      this.operands = positionals
    } catch (error) {
      throw new UsageError(whyRefused(error as Error, argv, Object.keys(spec)), { cause: error })
    }
  }

  has(name: keyof Spec & string): boolean {
    return this.#values[name] !== undefined
  }

  text(name: keyof Spec & string): string | null {
    const value = this.#values[name]
    return typeof value === 'string' ? value : null
  }

  flag(name: keyof Spec & string): boolean {
    return this.#values[name] === true
  }

  /** @throws {UsageError} naming the option and what it takes, unless `read` gives something */
  parse<T>(
    name: keyof Spec & string,
    fallback: T,
    wanted: string,
    read: (given: string) => T | undefined,
  ): T {
    const given = this.text(name)
    if (given === null) return fallback
    const value = read(given)
    if (value === undefined) throw new UsageError(`--${name} is '${given}', expected ${wanted}`)
    return value
  }

  number<T>(name: keyof Spec & string, fallback: T, wanted: string, ok: (n: number) => boolean): number | T {
    return this.parse<number | T>(name, fallback, wanted, given => {
      const value = Number(given)
      return given.trim() !== '' && ok(value) ? value : undefined
    })
  }

  count<T>(name: keyof Spec & string, fallback: T, least = 1): number | T {
    return this.number(
      name,
      fallback,
      `a whole number, at least ${least}`,
      n => Number.isSafeInteger(n) && n >= least,
    )
  }

  positive<T>(name: keyof Spec & string, fallback: T): number | T {
    return this.number(name, fallback, 'a positive number', n => n > 0 && Number.isFinite(n))
  }

  within<T>(name: keyof Spec & string, fallback: T, low: number, high: number): number | T {
    return this.number(name, fallback, `a number from ${low} to ${high}`, n => n >= low && n <= high)
  }

  /** The entry of a table that the option names. */
  choice<T, F>(name: keyof Spec & string, fallback: F, table: Readonly<Record<string, T>>): T | F {
    const known = Object.keys(table)
    const near = nearestName(this.text(name) ?? '', known)
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    const wanted = known.length === 1 ? known[0]! : `one of ${known.join(', ')}${hint}`
    return this.parse<T | F>(name, fallback, wanted, given =>
      Object.hasOwn(table, given) ? table[given] : undefined,
    )
  }

  /** The option itself, which must name an entry of the table. */
  name(name: keyof Spec & string, fallback: string, table: object): string {
    return this.choice(name, fallback, Object.fromEntries(Object.keys(table).map(key => [key, key])))
  }

  /** @throws {UsageError} unless there is exactly one operand */
  operand(what: string): string {
    const [only, second] = this.operands
    if (only === undefined) throw new UsageError(`${what} is missing`)
    if (second !== undefined) throw new UsageError(`'${second}' is one too many, expected a single ${what}`)
    return only
  }
}

/** What Node says of arguments, and the option that was probably meant, or how its value is written. */
function whyRefused({ message }: Error, argv: readonly string[], known: readonly string[]): string {
  const line = message.split('\n')[0]!
  const [, dashed] = /^Option '(--[^' ]+)[^']*' argument is ambiguous/.exec(line) ?? []
  if (dashed !== undefined) {
    const value = argv[argv.indexOf(dashed) + 1]
    return `${dashed} is followed by '${value}', which begins with a dash: if that is its value, write ${dashed}=${value}`
  }
  const [said, typed] = /^Unknown option '--([^']+)'/.exec(line) ?? []
  const near = typed === undefined ? undefined : nearestName(typed, known)
  return near === undefined ? line : `${said}; did you mean --${near}?`
}
