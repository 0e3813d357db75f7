import type { RowExchange, Score, Scorer } from './scorer'

/** A scorer of one function: its score of each exchange under `key`. */
export const functionScorer = (key: string, f: (exchange: RowExchange) => Score): Scorer => ({
  name: key,
  keys: [key],
  async score(exchanges, { signal, onProgress }) {
    const scores = []
    for (const [i, exchange] of exchanges.entries()) {
      if (i % BATCH === 0) {
        if (i > 0) await new Promise(resolve => setTimeout(resolve))
        signal?.throwIfAborted()
        onProgress?.(i / exchanges.length)
      }
      scores.push({ scores: { [key]: f(exchange) }, truncated: false })
    }
    onProgress?.(1)
    return scores
  },
})

/** Exchanges scored before the event loop gets a turn, so that an abort can arrive. */
const BATCH = 1024
