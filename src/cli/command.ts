import type { Progress } from './progress'

/** What a command works with besides its arguments. */
export interface Context {
  readonly progress: Progress
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal
}

/** A command of `tabtune`. */
export interface Command {
  /** What it does, for the list of commands. */
  readonly summary: string
  readonly usage: string
  /**
   * Reads the arguments and gives what does the work: whether it ran to its end, or `signal` stopped it.
   *
   * @throws {UsageError} naming the argument that is wrong
   */
  read(argv: readonly string[]): (context: Context) => Promise<boolean>
}
