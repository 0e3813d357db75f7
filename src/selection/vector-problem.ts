import type { Vectors } from '../embedding/vectors'
import { RowFlag } from '../similarity/prepare-rows'
import type { PoolItem } from './pool'

/** Why an item cannot be compared, by its vector's `RowFlag`; null if it can. */
export function vectorProblem(
  { index }: PoolItem,
  flag: number | undefined,
  problems: Vectors['problems'],
): string | null {
  if (flag === RowFlag.usable) return null
  if (flag === RowFlag.zero) return 'its embedding is zero'
  return problems?.get(index) ?? 'its embedding is not finite or too large'
}
