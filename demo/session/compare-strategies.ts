import {
  type Comparison,
  compareSelections,
  ifdScorer,
  type Model,
  type Pool,
  perplexityScorer,
  type ScoredRow,
  type Selection,
  score,
  select,
} from '../../src/index'
import type { StrategyName } from '../row-protocol'
import type { OnProgress } from './long-calls'
import { pauses } from './pauses'
import { type Strategy, strategies } from './strategies'

/** Draws the random rows; the usual one, so that the command draws the same. */
const SEED = 0

/** What is known of a pool's rows for comparing ways to select, found when it is first needed. */
export class StrategyPool {
  readonly #scored: readonly ScoredRow[]
  readonly #model: Model
  #items: Pool['items']
  readonly #byOther = new Map<NonNullable<Strategy['by']>, Pool['items']>()

  constructor(scored: readonly ScoredRow[], items: Pool['items'], model: Model) {
    this.#scored = scored
    this.#items = items
    this.#model = model
  }

  /**
   * Selects as many rows with each strategy as `chosen` has, and compares all of them with each other.
   *
   * @throws the signal's reason once it is aborted
   */
  async compare(
    names: readonly StrategyName[],
    chosen: { readonly name: string; readonly selection: Selection; readonly threshold: number },
    vectors: NonNullable<Pool['vectors']>,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<Comparison> {
    const parts = names.length + 1
    const part = (n: number) => (fraction: number) => onProgress((n + fraction) / parts)
    await this.#countTokens(signal, part(0))
    const budget = chosen.selection.kept.length
    const selections = new Map<string, Selection>([[chosen.name, chosen.selection]])
    for (const [n, name] of names.entries()) {
      const { by, make } = strategies[name]
      const items = by ? await this.#scoredBy(by, signal, part(n + 1)) : this.#items
      const selector = make({ budget, threshold: chosen.threshold, seed: SEED })
      const progress = part(n + 1)
      selections.set(
        name,
        await select({ items, vectors }, selector, {
          signal,
          onProgress: ({ decided, total }) => progress(decided / total),
        }),
      )
    }
    return compareSelections({ items: this.#items, vectors }, selections, { seed: SEED })
  }

  /** Lengths in tokens of the model, as `tabtune score` counts them. */
  async #countTokens(signal: AbortSignal, onProgress: OnProgress): Promise<void> {
    if (this.#items.every(({ tokens }) => tokens !== undefined)) return
    const pause = pauses(signal)
    const { tokenizer } = this.#model
    const counted: Pool['items'][number][] = []
    for (const item of this.#items) {
      const tokens = tokenizer.encode(item.text, { addSpecialTokens: false }).length
      counted.push({ ...item, tokens })
      if (await pause()) onProgress(counted.length / this.#items.length)
    }
    this.#items = counted
  }

  /** The items with another score, which the model gives. */
  async #scoredBy(
    by: NonNullable<Strategy['by']>,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<Pool['items']> {
    const known = this.#byOther.get(by)
    if (known) return known
    const rows = this.#scored.map(({ row }) => row)
    const scorer = by === 'ifd' ? ifdScorer(this.#model) : perplexityScorer(this.#model)
    const scored = await score(rows, scorer, { signal, onProgress })
    const items = this.#items.map((item, n) => ({ ...item, score: scored[n]!.score }))
    this.#byOther.set(by, items)
    return items
  }
}
