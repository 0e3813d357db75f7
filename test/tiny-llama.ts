import type { Gpu } from '../src/gpu/gpu'
import { Llama } from '../src/models/llama'
import { type LlamaConfig, llamaWeightShapes } from '../src/models/llama-config'
import { noise } from './numbers'

export const tinyConfig: LlamaConfig = {
  vocabulary: 61,
  hidden: 32,
  intermediate: 48,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  maxPositions: 128,
  ropeTheta: 10000,
  normEps: 1e-5,
  tied: true,
}

/** A Llama with reproducible random weights: norms near one, matrices that keep the scale of their input. */
export function tinyLlama(gpu: Gpu, config: LlamaConfig = tinyConfig): Llama {
  const weights = [...llamaWeightShapes(config)].map(([name, shape], i) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const values =
      shape.length === 1 ? noise(size, i, 0.2).map(x => 1 + x) : noise(size, i, Math.sqrt(3 / shape[1]!))
    return [name, gpu.tensor(shape, values)] as const
  })
  return new Llama(gpu, config, new Map(weights))
}
