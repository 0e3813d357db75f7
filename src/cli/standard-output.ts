const isGone = (error: Error) => (error as NodeJS.ErrnoException).code === 'EPIPE'

/** Lets the process end without a word when whoever reads its output has gone away. */
export function endWithoutReader(): void {
  process.stdout.on('error', error => {
    if (isGone(error)) process.exit(0)
    throw error
  })
}

/** Writes to standard output and returns when the text is taken. */
export function toStandardOutput(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, error => {
      if (!error) resolve()
      else if (!isGone(error)) reject(error)
    })
  })
}
