import {
  type CausalNetwork,
  completeConfig,
  type EncodedPair,
  estimateModel,
  estimateTraining,
  type Gpu,
  type ModelFiles,
  makeTrainable,
  makeTraining,
  OutOfMemoryError,
  planModel,
} from '../../src/index'
import { type ModelSize, READ_TOKENS, storageNames } from '../model-protocol'
import { storages } from './storages'

/**
 * What a model is and takes, from its config.json alone.
 *
 * @throws {ModelError} for a config.json that cannot be loaded
 */
export async function sizeOf(files: ModelFiles, gpu: Gpu): Promise<ModelSize> {
  const estimates = await estimateModel(files, { tokens: READ_TOKENS, gpu })
  const { architecture, maxPositions, weights } = await planModel(files, { gpu })
  const needs = []
  for (const storage of storageNames) {
    const { name } = storages[storage]
    const { weights, peak } = estimates.find(estimate => estimate.storage.name === name)!
    const training = await trainingOf(files, gpu, storage)
    needs.push({ storage, weights, reading: peak, training })
  }
  return { architecture, context: maxPositions, parameters: parametersOf(weights), needs }
}

/** Number of weights. */
export function parametersOf(weights: ReadonlyMap<string, { readonly shape: readonly number[] }>): number {
  let count = 0
  for (const { shape } of weights.values()) count += shape.reduce((a, b) => a * b, 1)
  return count
}

/** Bytes that training takes with the usual options, both answers of a pair as long as they may be. */
async function trainingOf(
  files: ModelFiles,
  gpu: Gpu,
  storage: keyof typeof storages,
): Promise<number | null> {
  const plan = await planModel(files, { storage: storages[storage], gpu })
  const config = completeConfig({})
  const length = Math.min(config.maxLength, plan.maxPositions)
  const answer = { ids: new Uint32Array(length), answerBegin: Math.floor(length / 2) }
  const pair: EncodedPair = { index: 0, chosen: answer, rejected: answer, truncated: false }
  const pairs = new Array<EncodedPair>(config.batchSize).fill(pair)
  try {
    const trainable = (network: CausalNetwork) => makeTrainable(network, config)
    return (await estimateTraining(plan, pairs, { ...makeTraining(config), trainable })).peak
  } catch (error) {
    if (error instanceof OutOfMemoryError) return null
    throw error
  }
}
