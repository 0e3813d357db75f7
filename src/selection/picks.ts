import type { PoolItem } from './pool'
import type { Decision, Outcome } from './selector'

/** What a greedy strategy took, in order. */
export class Picks {
  readonly #picks = new Map<PoolItem, { readonly value: number | null; readonly decision: Decision }>()

  get size(): number {
    return this.#picks.size
  }

  has(item: PoolItem): boolean {
    return this.#picks.has(item)
  }

  /** @param because why, in the user's terms */
  add(item: PoolItem, value: number | null, because: string): void {
    this.#picks.set(item, { value, decision: { kind: 'kept', rank: this.#picks.size, because } })
  }

  /**
   * An outcome for every item: what was taken is kept, `decided` holds for others, and the rest is beyond the
   * budget.
   *
   * @param value of an item that was not taken
   */
  outcomes(
    items: readonly PoolItem[],
    decided: ReadonlyMap<PoolItem, Decision>,
    value: (item: PoolItem) => number | null = () => null,
  ): Outcome[] {
    return items.map((item): Outcome => {
      const { index, id } = item
      const pick = this.#picks.get(item)
      if (pick?.decision.kind === 'kept') {
        return { index, id, value: pick.value, position: pick.decision.rank, decision: pick.decision }
      }
      const decision = decided.get(item) ?? { kind: 'beyond budget' }
      return { index, id, value: value(item), position: null, decision }
    })
  }
}
