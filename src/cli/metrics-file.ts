import { appendFile, readFile } from 'node:fs/promises'
import { jsonLines, type MetricsLine } from '../index'
import { writeWhole } from './files'

/**
 * `metrics.jsonl` of a run: lines are on disk before the run goes on. A run that is resumed keeps the lines up to its
 * checkpoint, and so writes the bytes of one that was left alone.
 */
export class MetricsFile {
  /** Lines that are not on disk yet: until a resumed run is past its checkpoint, the old file is the better one. */
  #held: MetricsLine[] | null = []

  private constructor(
    private readonly path: string,
    private readonly before: readonly MetricsLine[],
  ) {}

  /** @param resume whether lines of an ended run may be kept */
  static async open(path: string, { resume }: { readonly resume: boolean }): Promise<MetricsFile> {
    return new MetricsFile(path, resume ? await linesOf(path) : [])
  }

  /** Takes over the lines of a round up to a step from the run that is resumed; gives their numbers. */
  keep(round: number, step: number): Readonly<Record<string, number>>[] {
    // What was measured at the end is measured again.
    const isKept = (line: MetricsLine) =>
      line.evaluation !== 'after' &&
      (line.round ?? 1) === round &&
      typeof line.step === 'number' &&
      line.step > 0 &&
      line.step <= step
    const kept = this.before.filter(isKept)
    this.#held?.push(...kept)
    return kept.map(line =>
      Object.fromEntries(Object.entries(line).filter(([, value]) => typeof value === 'number')),
    ) as Readonly<Record<string, number>>[]
  }

  async write(line: MetricsLine): Promise<void> {
    if (this.#held) this.#held.push(line)
    else await appendFile(this.path, jsonLines([line]))
  }

  /** Writes what is held, whole or not at all; from now on lines are added. */
  async flush(): Promise<void> {
    if (!this.#held) return
    await writeWhole(this.path, jsonLines(this.#held))
    this.#held = null
  }
}

/** The lines of a file as far as they are whole. */
async function linesOf(path: string): Promise<MetricsLine[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines: MetricsLine[] = []
  for (const line of text.split('\n').slice(0, -1)) lines.push(JSON.parse(line) as MetricsLine)
  return lines
}
