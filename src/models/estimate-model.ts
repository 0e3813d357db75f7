import { dryGpu } from '../gpu/dry-gpu'
import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import { pack, uploadPacked } from '../nn/packed'
import { Tape } from '../ops/tape'
import type { WeightFormat } from '../ops/weight-format'
import { architectures } from './architectures'
import type { CausalNetwork } from './causal-network'
import { memoryNeeds, readBlueprint } from './load-network'
import { emptyWeight } from './upload-weights'

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
  const limits = device?.device.limits
  return memoryNeeds(blueprint.weights).map(({ storage, bytes }) => {
    using gpu = dryGpu(
      limits && {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      },
    )
    const weights = [...blueprint.weights].map(
      ([name, spec]) => [name, emptyWeight(gpu, spec, storage)] as const,
    )
    readTokens(blueprint.build(gpu, new Map(weights)), tokens)
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
