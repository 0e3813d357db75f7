import type { Rows } from '../selection-rows'

export interface SelectionSettings {
  readonly budget: number
  /** Cosine above which a row is too similar to a kept one. */
  readonly threshold: number
}

/** Another way to select as `deita` does. */
export interface SelectionPeer {
  readonly name: string
  readonly version: string
  /** Description of the adapter that it was seen to run on; null if that is the CPU's own. */
  readonly adapter: string | null
  /** What it was given to be fast, in words. */
  readonly how: string
  /** Positions of the kept rows, best first. */
  select(rows: Rows, settings: SelectionSettings): Promise<number[]> | number[]
  close(): Promise<void> | void
}

/** Positions by descending score; of equal ones the first wins. */
export function rankOrder({ count, scores }: Rows): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
}
