export type Role = 'system' | 'user' | 'assistant'

/** One message of a conversation. */
export interface Turn {
  readonly role: Role
  readonly content: string
}

/** What rows and pairs have in common: where they came from. */
export interface Origin {
  /** Position in the file, 0-based, counting what could not be read. */
  readonly index: number
  /** FNV-1a 64 of the row's compact JSON, 16 hex digits; a later equal row of the file gets `-<index>` behind it. */
  readonly id: string
  /** The input's own object, unchanged. */
  readonly raw: unknown
  /** The row's JSON text as it stood in the file; present only where `JSON.stringify(raw)` would alter it. */
  readonly source?: string
  /** Where it stands in the file's unpacked text, in bytes: [from, to). Absent where a file has no text. */
  readonly range?: readonly [from: number, to: number]
}

/** One instruction row; it has at least one exchange. */
export interface Row extends Origin {
  readonly turns: readonly Turn[]
}

/** One preference pair: the turns before the answer, and two different answers to them. */
export interface Pair extends Origin {
  /** Ends with a user turn. */
  readonly prompt: readonly Turn[]
  readonly chosen: string
  readonly rejected: string
  /** What the chosen answer is worth to whoever scored both; larger is better. */
  readonly chosenReward?: number
  readonly rejectedReward?: number
}

/** Something that could not be read, in the user's terms. */
export interface Problem {
  /** Position in the file, 0-based, on the same count as `Row.index`. */
  readonly index: number
  /** Line of the file on which it starts, 1-based. */
  readonly line?: number
  readonly reason: string
  /** The beginning of its text. */
  readonly excerpt: string
}

/** A user turn and the assistant turn that answers it. */
export interface Exchange {
  readonly instruction: string
  readonly output: string
}

/** Places of the user turns of a row that are directly followed by an assistant turn, in order. */
export const answeredTurns = ({ turns }: { readonly turns: readonly Turn[] }): number[] =>
  turns.flatMap(({ role }, i) => (role === 'user' && turns[i + 1]?.role === 'assistant' ? [i] : []))

/**
 * The user turns of a row that are directly followed by an assistant turn, in order, each with that answer.
 * System text is not part of an instruction (Deita pairs by position instead, so a system message shifts its pairs).
 */
export function exchanges(row: { readonly turns: readonly Turn[] }): Exchange[] {
  const content = (i: number) => row.turns[i]!.content
  return answeredTurns(row).map(i => ({ instruction: content(i), output: content(i + 1) }))
}
