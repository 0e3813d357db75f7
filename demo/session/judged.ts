import { type RunComparison, type Scorer, type WinRate, winRate } from '../../src/index'
import type { OnProgress } from './long-calls'

/** How a scorer finds the answers after a training beside those before it. */
export async function judged(
  answers: RunComparison['answers'],
  scorer: Scorer,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<WinRate> {
  const prompts = answers.map(({ prompt }) => prompt)
  const [after, before] = [answers.map(answer => answer.after), answers.map(answer => answer.before)]
  return winRate(prompts, after, before, scorer, { signal, onProgress })
}
