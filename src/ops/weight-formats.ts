import odd from '#shaders/lib/weights-odd.wgsl?raw'
import { f16 } from './format-f16'
import { f32 } from './format-f32'
import { int4 } from './format-int4'
import { int8 } from './format-int8'
import type { WeightFormat } from './weight-format'

/** f32 in rows of any number of values: slower, and without need of a multiple of four. */
const oddF32: WeightFormat = { ...f32, code: odd }

/** Kernels that read weights, one for each format, and one for f32 rows that are no multiple of four values. */
export type ByFormat<K> = ReadonlyMap<WeightFormat | 'odd', K>

export function byFormat<K>(
  define: (format: WeightFormat) => K,
  formats: readonly WeightFormat[] = [f32, f16, int8, int4({ group: 32 }), int4({ group: 64 })],
): ByFormat<K> {
  return new Map<WeightFormat | 'odd', K>([
    ...formats.map(format => [format, define(format)] as const),
    ['odd', define(oddF32)],
  ])
}

/** The kernel for weights of `columns` values a row. */
export function ofFormat<K>(kernels: ByFormat<K>, format: WeightFormat, columns: number): K {
  const kernel = kernels.get(format === f32 && columns % 4 !== 0 ? 'odd' : format)
  if (!kernel) throw new TypeError(`${format.name}: not a format of this library`)
  return kernel
}
