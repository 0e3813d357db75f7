import type { Gpu } from '../src/gpu/gpu'
import type { CausalDecoder } from '../src/models/causal-decoder'
import { type GatedDecoderConfig, gatedDecoder } from '../src/models/gated-decoder'
import { swiglu } from '../src/ops/swiglu'
import { noise } from './noise'

export const tinyConfig: GatedDecoderConfig = {
  architecture: 'llama',
  vocabulary: 61,
  hidden: 32,
  intermediate: 48,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  maxPositions: 128,
  normEps: 1e-5,
  tied: true,
  kinds: [{ window: null, rope: { theta: 10000, scaling: null, scale: 1 } }],
  kindOf: () => 0,
  biases: { qkv: false, output: false, mlp: false },
  headNorms: false,
  activation: swiglu,
  attentionScale: 1 / Math.sqrt(8),
  embeddingScale: 1,
  normOffset: 0,
  sandwich: false,
}

/** A Llama with reproducible random weights: norms near one, matrices that keep the scale of their input. */
export function tinyLlama(gpu: Gpu, config: GatedDecoderConfig = tinyConfig): CausalDecoder {
  const { weights: specs, build } = gatedDecoder(config)
  const weights = [...specs].map(([name, { shape }], i) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const values =
      shape.length === 1 ? noise(size, i, 0.2).map(x => 1 + x) : noise(size, i, Math.sqrt(3 / shape[1]!))
    return [name, gpu.tensor(shape, values)] as const
  })
  return build(gpu, new Map(weights)) as CausalDecoder
}
