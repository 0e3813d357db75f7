import type { Vectors } from '../../src/embedding/vectors'
import type { Gpu } from '../../src/gpu/gpu'

/**
 * Given vectors: an item's text is its vector's number. `asked` collects the texts it was called with.
 */
export function givenVectors(
  gpu: Gpu,
  vectors: readonly ArrayLike<number>[],
  dimensions: number,
): Vectors & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    name: 'given-vectors',
    dimensions,
    gpu,
    asked,
    async take(items) {
      const texts = items.map(({ text }) => text)
      asked.push(...texts)
      const values = texts.flatMap(text => Array.from(vectors[Number(text)]!))
      return gpu.tensor([texts.length, dimensions], Float32Array.from(values))
    },
  }
}
