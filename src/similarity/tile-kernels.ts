import rowsF16 from '#shaders/lib/rows-f16.wgsl?raw'
import rowsF32 from '#shaders/lib/rows-f32.wgsl?raw'
import tile from '#shaders/lib/similarity-tile.wgsl?raw'
import type { Term } from './metric'
import { SEGMENT, type Storage } from './prepare-rows'

/** What a kernel over lib/similarity-tile.wgsl is made of, for rows stored and compared in one way. */
export interface TileVariant {
  /** Says which it is, for the kernel's name. */
  readonly suffix: string
  /** The WGSL to link before the kernel's own. */
  readonly code: readonly string[]
  /** How the kernel sees rows. */
  readonly element: 'vec2u' | 'vec4u'
  /** The tile's own. */
  readonly overrides: { readonly TERM: number; readonly SEGMENT: number }
}

/** Values of the shaders' TERM. */
const TERMS: Readonly<Record<Term, number>> = { product: 0, difference: 1, square: 2 }

const variant = (storage: Storage, term: Term): TileVariant => ({
  suffix: `${storage}-${term}`,
  code: [storage === 'f16' ? rowsF16 : rowsF32, tile],
  element: storage === 'f16' ? 'vec2u' : 'vec4u',
  overrides: { TERM: TERMS[term], SEGMENT },
})

/** A kernel for each way to store rows and to compare them. */
export function tileKernels<K>(define: (variant: TileVariant) => K): Record<Storage, Record<Term, K>> {
  const of = (storage: Storage): Record<Term, K> => ({
    product: define(variant(storage, 'product')),
    difference: define(variant(storage, 'difference')),
    square: define(variant(storage, 'square')),
  })
  return { f16: of('f16'), f32: of('f32') }
}
