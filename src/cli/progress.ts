import { CHUNK_ROWS } from '../index'

/** How far a chunk of rows is: on a slow GPU it takes a while. */
export const chunkDetail = (chunk: number, fraction: number): string =>
  `rows from ${chunk * CHUNK_ROWS}: ${Math.floor(100 * fraction)} %`

/** Progress on a terminal: one line that is written over. In a pipe it says nothing. */
export class Progress {
  #shown = false
  #stage = ''
  #began = 0

  constructor(private readonly stream: NodeJS.WriteStream) {}

  /** Shows how far a stage is, from 0 to 1, with the time it may still take. */
  update(stage: string, fraction: number, detail = ''): void {
    if (!this.stream.isTTY) return
    const now = performance.now()
    if (stage !== this.#stage) {
      this.done()
      this.#stage = stage
      this.#began = now
    }
    const width = 24
    const filled = Math.round(Math.min(1, fraction) * width)
    const seconds = ((now - this.#began) / 1000) * (1 / Math.max(fraction, 1e-9) - 1)
    const left = fraction > 0.02 && fraction < 1 ? ` ${clock(seconds)} left` : ''
    const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
    const line = `${stage.padEnd(10)} ${bar} ${String(Math.floor(fraction * 100)).padStart(3)} %${left} ${detail}`
    this.stream.write(`\r\x1b[2K${line.slice(0, (this.stream.columns ?? 80) - 1)}`)
    this.#shown = true
  }

  /** Says something that stays, on a terminal. */
  note(text: string): void {
    if (!this.stream.isTTY) return
    this.done()
    this.stream.write(`${text}\n`)
  }

  /** Ends the line. */
  done(): void {
    if (this.#shown) this.stream.write('\n')
    this.#shown = false
    this.#stage = ''
  }
}

function clock(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
