import type { CausalNetwork } from './causal-network'
import { ModelError } from './errors'

/** @throws {ModelError} for sequences longer than the positions that the network knows: it would be wrong silently */
export function checkContext({ maxPositions }: Pick<CausalNetwork, 'maxPositions'>, maxTokens: number): void {
  if (Number.isInteger(maxTokens) && maxTokens >= 1 && maxTokens <= maxPositions) return
  throw new ModelError(
    `maxTokens is ${maxTokens}, expected an integer from 1 to the model's context of ${maxPositions}`,
  )
}
