import { f16, f32, int4, int8, type WeightFormat } from '../../src/index'
import type { StorageName } from '../model-protocol'

export const storages: Readonly<Record<StorageName, WeightFormat>> = { f32, f16, int8, int4: int4() }
