import type { TensorData } from '../../src/io/safetensors'
import type { WeightSpecs } from '../../src/models/architecture'
import { randomNumbers } from '../harness/random-numbers'

/** A model's weights on the host, by their Hugging Face names. */
export type HostWeights = ReadonlyMap<string, TensorData>

/**
 * Weights from a seed for what a blueprint asks for: biases near zero, weights of norms near one, tables of embeddings
 * as models are begun with, and matrices that keep the scale of what they are given.
 */
export function randomWeights(specs: WeightSpecs, seed: number): HostWeights {
  const { normal } = randomNumbers(seed)
  return new Map(
    [...specs].map(([name, { kind, shape }]) => {
      const size = shape.reduce((product, axis) => product * axis, 1)
      const deviation = kind === 'linear' ? 1 / Math.sqrt(shape[1]!) : kind === 'embedding' ? 0.04 : 0.05
      const center = kind === 'vector' && name.endsWith('.weight') ? 1 : 0
      const data = new Float32Array(size)
      for (let i = 0; i < size; i++) data[i] = center + deviation * normal()
      return [name, { shape, data }] as const
    }),
  )
}
