import { describe, expect } from 'vitest'
import { storedVectors, textVectors } from '../../src/embedding/vectors'
import { test } from '../gpu'

const items = [4, 2].map(index => ({ index, text: `text ${index}` }))

describe('storedVectors', () => {
  test('gives the vectors of the rows it is asked for', async ({ gpu }) => {
    const vectors = storedVectors(
      gpu,
      'column',
      new Map([
        [2, [1, 2, 3]],
        [4, [4, 5, 6]],
        [9, [0, 0, 0]],
      ]),
    )
    expect([vectors.name, vectors.dimensions]).toEqual(['column', 3])
    using taken = await vectors.take(items)
    expect(taken.shape).toEqual([2, 3])
    expect([...(await gpu.read(taken))]).toEqual([4, 5, 6, 1, 2, 3])
  })

  test('explains what it cannot take', async ({ gpu }) => {
    expect(() => storedVectors(gpu, 'column', new Map())).toThrow(/column: there are no vectors/)
    expect(() => storedVectors(gpu, 'column', new Map([[1, []]]))).toThrow(/row 1 has 0 values/)
    expect(() =>
      storedVectors(
        gpu,
        'column',
        new Map([
          [1, [1]],
          [2, [1, 2]],
        ]),
      ),
    ).toThrow(/row 2 has 2 values, expected 1/)
    const vectors = storedVectors(gpu, 'column', new Map([[2, [1]]]))
    await expect(vectors.take(items)).rejects.toThrow(/no vector for row 4/)
    await expect(vectors.take([], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
  })
})

describe('textVectors', () => {
  const embedder = (width: number) => ({
    name: 'lengths',
    dimensions: 2,
    embed: async (texts: readonly string[]) => texts.flatMap(text => Array(width).fill(text.length)),
  })

  test('embeds the texts, and refuses vectors of another width', async ({ gpu }) => {
    const make = (width: number) => {
      const { embed, ...rest } = embedder(width)
      return textVectors({
        ...rest,
        gpu,
        embed: async texts => gpu.tensor([texts.length, width], Float32Array.from(await embed(texts))),
      })
    }
    using taken = await make(2).take(items)
    expect([...(await gpu.read(taken))]).toEqual([6, 6, 6, 6])
    await expect(make(3).take(items)).rejects.toThrow(/lengths gave \[2, 3\] for 2 texts, expected \[2, 2\]/)
  })
})
