import type { Embedder } from '../../src/embedding/embedder'
import type { Gpu } from '../../src/gpu/gpu'

/**
 * An embedder of given vectors: the text is the vector's number. `asked` collects the texts it was called
 * with.
 */
export function givenVectors(
  gpu: Gpu,
  vectors: readonly ArrayLike<number>[],
  dimensions: number,
): Embedder & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    name: 'given-vectors',
    dimensions,
    gpu,
    asked,
    async embed(texts) {
      asked.push(...texts)
      const values = texts.flatMap(text => Array.from(vectors[Number(text)]!))
      return gpu.tensor([texts.length, dimensions], Float32Array.from(values))
    },
  }
}
