export type OnProgress = (fraction: number) => void

/** The long call that is running, of which there is one at a time: how it ends early. */
export class LongCalls {
  #abort = new AbortController()

  begin(): AbortSignal {
    this.#abort = new AbortController()
    return this.#abort.signal
  }

  cancel(): void {
    this.#abort.abort()
  }

  /** Options of a reader. */
  reading(onProgress: OnProgress) {
    return {
      signal: this.begin(),
      onProgress: ({ bytes, totalBytes }: { readonly bytes: number; readonly totalBytes: number }) =>
        onProgress(totalBytes === 0 ? 1 : bytes / totalBytes),
    }
  }
}
