import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import { pack, uploadPacked } from '../nn/packed'
import { Tape } from '../ops/tape'
import type { WeightFormat } from '../ops/weight-format'
import { architectures } from './architectures'
import type { CausalNetwork } from './causal-network'
import { memoryNeeds, readBlueprint } from './load-network'
import { planNetwork } from './plan-model'

export interface ModelEstimate {
  readonly storage: WeightFormat
  /** Bytes of the weights on the GPU. */
  readonly weights: number
  /** Most bytes held while `tokens` tokens are read at a time, without gradients. */
  readonly peak: number
}

export interface EstimateOptions {
  /** Tokens of one forward pass. */
  readonly tokens?: number
  /** The device to plan for. Default: one of WebGPU's default limits. */
  readonly gpu?: Gpu
}

/**
 * What a model needs in each storage, before its weights are read: from config.json alone, by the code that does the
 * work, run dry. For training see `estimateTraining`.
 *
 * @throws {ModelError} for a config.json that cannot be loaded
 */
export async function estimateModel(
  files: ModelFiles,
  { tokens = 1024, gpu: device }: EstimateOptions = {},
): Promise<readonly ModelEstimate[]> {
  const blueprint = await readBlueprint(files, architectures)
  return memoryNeeds(blueprint.weights).map(({ storage, bytes }) => {
    const network = planNetwork(blueprint, storage, device)
    using gpu = network.gpu
    readTokens(network, tokens)
    return { storage, weights: bytes, peak: gpu.memory.peak }
  })
}

function readTokens(network: CausalNetwork, tokens: number): void {
  const { gpu, maxPositions } = network
  const sequence = new Uint32Array(Math.min(tokens, maxPositions))
  using tape = new Tape(gpu, { grad: false })
  using packed = uploadPacked(gpu, pack([sequence]))
  network.forward(tape, packed)
}
