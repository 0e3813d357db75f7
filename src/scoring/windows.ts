import type { ScorerOptions } from './scorer'

/** Exchanges that are tokens at the same time: enough for full passes, few enough for little memory. */
const WINDOW = 1024

/**
 * Scores exchanges some at a time, so that a large file is never all tokens at once.
 *
 * @param run scores some of them; it tells its progress from 0 to 1
 */
export async function inWindows<T, R>(
  items: readonly T[],
  { signal, onProgress }: ScorerOptions,
  run: (window: readonly T[], options: ScorerOptions) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = []
  for (let begin = 0; begin < items.length; begin += WINDOW) {
    signal?.throwIfAborted()
    const window = items.slice(begin, begin + WINDOW)
    const tell = (fraction: number) => onProgress?.((begin + fraction * window.length) / items.length)
    results.push(...(await run(window, { ...(signal ? { signal } : {}), onProgress: tell })))
    tell(1)
  }
  return results
}
