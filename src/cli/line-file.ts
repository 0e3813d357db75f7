import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { finished } from 'node:stream/promises'

/** A file that is written line by line, and has its name when it is whole. */
export class LineFile {
  readonly #path: string
  readonly #stream: WriteStream
  #failed: Error | null = null

  constructor(path: string) {
    this.#path = path
    this.#stream = createWriteStream(`${path}.tmp`)
    this.#stream.on('error', error => {
      this.#failed = error
    })
  }

  async write(text: string): Promise<void> {
    if (this.#failed) throw this.#failed
    if (this.#stream.write(text)) return
    await once(this.#stream, 'drain')
  }

  async finish(): Promise<void> {
    if (this.#failed) throw this.#failed
    this.#stream.end()
    await finished(this.#stream)
    await rename(`${this.#path}.tmp`, this.#path)
  }
}
