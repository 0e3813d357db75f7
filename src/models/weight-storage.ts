import { f16 } from '../ops/format-f16'
import { f32 } from '../ops/format-f32'
import type { WeightFormat } from '../ops/weight-format'
import type { WeightSpec, WeightSpecs } from './architecture'

/**
 * How a weight is stored where a model is loaded as `storage`. A quantized model keeps embeddings and the output
 * projection in fp16, as QLoRA does (https://arxiv.org/abs/2305.14314), and so a layer whose rows do not divide into
 * groups. Rows that are no multiple of four values, and vectors, are f32.
 */
export function formatOf({ kind, shape }: WeightSpec, storage: WeightFormat): WeightFormat {
  const [, columns] = shape
  if (kind === 'vector' || columns === undefined || storage === f32) return f32
  const formats = kind === 'embedding' ? [f16] : [storage, f16]
  return formats.find(format => format.fits(columns)) ?? f32
}

/** Bytes of a model's weights on the GPU. */
export function weightBytes(specs: WeightSpecs, storage: WeightFormat): number {
  let bytes = 0
  for (const spec of specs.values()) {
    const [rows = 0, columns] = spec.shape
    bytes += 4 * rows * (columns === undefined ? 1 : formatOf(spec, storage).words(columns))
  }
  return bytes
}
