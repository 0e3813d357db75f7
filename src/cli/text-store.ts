import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Texts } from '../index'
import { temporaryFolder } from './input'

const BUFFERED_BYTES = 2 ** 20

/** Texts on disk, in a file that is removed when the process ends. */
export class TextStore implements Texts, Disposable {
  readonly #file: number
  /** Where each text begins; the last entry is where the next one will. */
  #begins = new Float64Array(1024)
  #count = 0
  #pending: Buffer[] = []
  #pendingBytes = 0

  private constructor(path: string) {
    this.#file = openSync(path, 'w+')
  }

  static async open(): Promise<TextStore> {
    return new TextStore(join(await temporaryFolder(), 'texts'))
  }

  put(text: string): number {
    const bytes = Buffer.from(text)
    const place = this.#count++
    if (this.#count === this.#begins.length) {
      const longer = new Float64Array(2 * this.#begins.length)
      longer.set(this.#begins)
      this.#begins = longer
    }
    this.#begins[this.#count] = this.#begins[place]! + bytes.length
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes >= BUFFERED_BYTES) this.#flush()
    return place
  }

  get(place: number): string {
    this.#flush()
    const begin = this.#begins[place]!
    const bytes = Buffer.alloc(this.#begins[place + 1]! - begin)
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.#file, bytes, at, bytes.length - at, begin + at)
      if (read === 0) throw new RangeError(`text ${place} is not there`)
      at += read
    }
    return bytes.toString()
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  #flush(): void {
    if (this.#pendingBytes === 0) return
    const bytes = Buffer.concat(this.#pending)
    let position = this.#begins[this.#count]! - bytes.length
    for (let at = 0; at < bytes.length; ) {
      const written = writeSync(this.#file, bytes, at, bytes.length - at, position)
      at += written
      position += written
    }
    this.#pending = []
    this.#pendingBytes = 0
  }
}
