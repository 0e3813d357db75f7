/** The worker answers other calls at least as often as this, in ms. */
const PATIENCE = 20

/**
 * Lets others have a turn now and then in a long computation; tells whether it did.
 *
 * @throws the signal's reason once it is aborted
 */
export function pauses(signal: AbortSignal): () => Promise<boolean> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < PATIENCE) return false
    await new Promise(resolve => setTimeout(resolve))
    signal.throwIfAborted()
    last = performance.now()
    return true
  }
}
