import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FloatDtype, layOutTensors } from '../../src/io/merged-files'
import { filesFromList } from '../../src/io/model-files'
import { openWeights } from '../../src/io/model-weights'
import { SafetensorsError } from '../../src/io/safetensors'

const names = fc.uniqueArray(fc.stringMatching(/^[a-z_.é"0-9]{1,12}$/), { minLength: 1, maxLength: 9 })
const layouts = fc.record({
  tensors: names.chain(list =>
    fc.tuple(
      ...list.map(name =>
        fc.record({ name: fc.constant(name), shape: fc.array(fc.nat({ max: 7 }), { maxLength: 3 }) }),
      ),
    ),
  ),
  dtype: fc.constantFrom<FloatDtype>('f32', 'f16', 'bf16'),
  fileBytes: fc.integer({ min: 1, max: 2000 }),
})

test('any tensors are read back by name, from as many files as it takes', async () => {
  await fc.assert(
    fc.asyncProperty(layouts, async ({ tensors, dtype, fileBytes }) => {
      const { files, index } = layOutTensors(tensors, { dtype, fileBytes })
      const blobs = new Map<string, Blob>()
      const bytes = (shape: readonly number[]) => shape.reduce((a, b) => a * b, dtype === 'f32' ? 4 : 2)
      for (const { path, header, tensors: held, size } of files) {
        expect(header.length % 8).toBe(0)
        const data = held.map(({ shape }) => new Uint8Array(bytes(shape)))
        expect(size).toBe(data.reduce((sum, { length }) => sum + length, header.length))
        // A file holds more than was asked for only where one tensor does.
        const filled = held.filter(({ shape }) => bytes(shape) > 0)
        if (size - header.length > fileBytes) expect(filled).toHaveLength(1)
        blobs.set(path, new Blob([header, ...data]))
      }
      expect(index === null).toBe(files.length === 1)
      if (index) blobs.set('model.safetensors.index.json', new Blob([index]))
      const weights = await openWeights(filesFromList(blobs))
      expect(weights.names().sort()).toEqual(tensors.map(({ name }) => name).sort())
      for (const { name, shape } of tensors) {
        expect(weights.entry(name)).toMatchObject({ dtype: dtype.toUpperCase(), shape })
      }
    }),
    { numRuns: 200 },
  )
})

test('files are numbered, and the index tells their bytes', () => {
  const tensors = ['b', 'a', 'c'].map(name => ({ name, shape: [3, 5] }))
  const { files, index } = layOutTensors(tensors, { dtype: 'bf16', fileBytes: 60 })
  expect(files.map(({ path }) => path)).toEqual([
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
  ])
  expect(JSON.parse(index!)).toEqual({
    metadata: { total_size: 90 },
    weight_map: { a: files[0]!.path, b: files[0]!.path, c: files[1]!.path },
  })
})

test('a tensor given twice is refused', () => {
  const twice = [1, 2].map(size => ({ name: 'w', shape: [size] }))
  expect(() => layOutTensors(twice, { dtype: 'f32', fileBytes: 5e9 })).toThrow(
    new SafetensorsError("tensor 'w' is given twice"),
  )
})
