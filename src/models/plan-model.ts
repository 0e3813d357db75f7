import { dryGpu } from '../gpu/dry-gpu'
import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import { f32 } from '../ops/format-f32'
import type { WeightFormat } from '../ops/weight-format'
import type { Blueprint } from './architecture'
import { architectures } from './architectures'
import type { CausalNetwork } from './causal-network'
import { readBlueprint } from './load-network'
import { emptyWeights } from './upload-weights'

export interface PlanOptions {
  /** How the weights would be stored. Default: f32. */
  readonly storage?: WeightFormat
  /** The device to plan for. Default: one of WebGPU's default limits. */
  readonly gpu?: Gpu
}

/**
 * The network that a model would be, from its config.json alone: without values, on a dry device. It tells the weights'
 * shapes, and `estimateTraining` what training takes, before anything large is downloaded.
 *
 * @throws {ModelError} for a config.json that cannot be loaded
 */
export async function planModel(
  files: ModelFiles,
  { storage = f32, gpu }: PlanOptions = {},
): Promise<CausalNetwork> {
  return planNetwork(await readBlueprint(files, architectures), storage, gpu)
}

/** A network without values on a dry device of its own, with the limits of `device`. */
export function planNetwork(blueprint: Blueprint, storage: WeightFormat, device?: Gpu): CausalNetwork {
  const limits = device?.device.limits
  const gpu = dryGpu(
    limits && {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    },
  )
  return blueprint.build(gpu, emptyWeights(gpu, blueprint.weights, storage))
}
