import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import type { Embedder, EmbedOptions } from './embedder'

/** What a vector is asked for. */
export interface Embeddable {
  /** Position in the file. */
  readonly index: number
  readonly text: string
}

/** The vectors of a file's rows, made when they are asked for or read from elsewhere. */
export interface Vectors {
  /** Says where they come from, with everything that changes them. */
  readonly name: string
  /** Values of a vector, E. */
  readonly dimensions: number
  readonly gpu: Gpu
  /**
   * Items that have no vector, by their index, and why, in the user's terms. `take` gives NaN for them; they cannot
   * be compared.
   */
  readonly problems?: ReadonlyMap<number, string>
  /**
   * For vectors that are not made of the items' texts: what tells apart the vectors of items with the same text, by
   * their index.
   */
  identity?(index: number): string
  /**
   * One vector an item, in order: [N, E] f32. The caller disposes it.
   *
   * @throws the signal's reason once it is aborted
   */
  take(items: readonly Embeddable[], options?: EmbedOptions): Promise<Tensor>
}

/** Vectors that do not fit what they are for. */
export class VectorsError extends Error {
  override name = 'VectorsError'
}

/** The vectors that an embedder makes of the items' texts. */
export function textVectors(embedder: Embedder): Vectors {
  const { name, dimensions, gpu } = embedder
  return {
    name,
    dimensions,
    gpu,
    async take(items, options) {
      const vectors = await embedder.embed(
        items.map(({ text }) => text),
        options,
      )
      const { shape } = vectors
      if (shape.length === 2 && shape[0] === items.length && shape[1] === dimensions) return vectors
      vectors[Symbol.dispose]()
      throw new VectorsError(
        `embedder ${name} gave [${shape.join(', ')}] for ${items.length} texts, expected [${items.length}, ${dimensions}]`,
      )
    },
  }
}

/** A hash of a vector's f32 values, 64 bits, not cryptographic: FNV-1a of their bits, from two starts. */
export function vectorIdentity(vector: ArrayLike<number>): string {
  let [a, b] = [0x811c9dc5, 0x01000193]
  for (const word of new Uint32Array(Float32Array.from(vector).buffer)) {
    a = Math.imul(a ^ word, 0x01000193)
    b = Math.imul(b ^ (word >>> 16) ^ (word << 16), 0x85ebca6b)
  }
  return `${a >>> 0} ${b >>> 0}`
}

/**
 * Vectors computed elsewhere, by an item's `index`, such as those of a column of the file.
 *
 * @param name says where they come from
 * @throws {VectorsError} if there are none, or if they differ in length
 */
export function storedVectors(
  gpu: Gpu,
  name: string,
  vectors: ReadonlyMap<number, ArrayLike<number>>,
): Vectors {
  let dimensions = 0
  for (const [index, { length }] of vectors) {
    if (dimensions === 0) dimensions = length
    if (length === dimensions && length > 0) continue
    throw new VectorsError(`${name}: row ${index} has ${length} values, expected ${dimensions || 'some'}`)
  }
  if (dimensions === 0) throw new VectorsError(`${name}: there are no vectors`)
  return {
    name,
    dimensions,
    gpu,
    identity: index => vectorIdentity(vectors.get(index) ?? []),
    async take(items, { signal } = {}) {
      signal?.throwIfAborted()
      const values = new Float32Array(items.length * dimensions)
      for (const [i, { index }] of items.entries()) {
        const vector = vectors.get(index)
        if (!vector) throw new VectorsError(`${name}: there is no vector for row ${index}`)
        values.set(vector, i * dimensions)
      }
      return gpu.tensor([items.length, dimensions], values)
    },
  }
}
