import { f16 } from '../ops/format-f16'
import { f32 } from '../ops/format-f32'
import { int4 } from '../ops/format-int4'
import { int8 } from '../ops/format-int8'
import type { WeightFormat } from '../ops/weight-format'

/** How weights may lie in GPU memory, by the name that people type. */
export const namedStorages: Readonly<Record<string, WeightFormat>> = {
  f32,
  f16,
  int8,
  int4: int4({ group: 32 }),
  'int4-64': int4({ group: 64 }),
}
