import { describe, expect, test } from 'vitest'
import { filesFromList } from '../../src/io/model-files'
import { openWeights, WeightsError } from '../../src/io/model-weights'
import { SafetensorsError, writeSafetensors } from '../../src/io/safetensors'

const tensor = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) })
const single = writeSafetensors([
  ['a', tensor(1, 2)],
  ['b', tensor(3)],
])
const index = (map: unknown) => JSON.stringify({ metadata: { total_size: 12 }, weight_map: map })
const model = (files: Record<string, string | Uint8Array<ArrayBuffer>>) =>
  openWeights(
    filesFromList(
      new Map(Object.entries(files).map(([path, content]) => [path, new Blob([content])])),
      'tiny',
    ),
  )
const indexFile = 'model.safetensors.index.json'
const shards = {
  'model-1.safetensors': writeSafetensors([['a', tensor(1, 2)]]),
  'model-2.safetensors': writeSafetensors([
    ['b', tensor(3)],
    ['unlisted', tensor(4)],
  ]),
}

test('one file', async () => {
  const weights = await model({ 'model.safetensors': single })
  expect(weights.names()).toEqual(['a', 'b'])
  expect(weights.entry('a')).toMatchObject({ dtype: 'F32', shape: [2] })
  expect(weights.entry('c')).toBeNull()
  expect(Array.from(await weights.read('b'))).toEqual([3])
  expect(Array.from(await weights.readRows('a', 1, 2))).toEqual([2])
  await expect(weights.read('c')).rejects.toThrow("tiny: the weights have no tensor 'c'")
  await expect(weights.readRows('c', 0, 1)).rejects.toThrow(WeightsError)
})

test('shards, as the index lists them', async () => {
  const map = { b: 'model-2.safetensors', a: 'model-1.safetensors' }
  const weights = await model({ ...shards, [indexFile]: index(map) })
  expect(weights.names()).toEqual(['b', 'a'])
  expect(Array.from(await weights.read('a'))).toEqual([1, 2])
  expect(Array.from(await weights.read('b'))).toEqual([3])
  expect(Array.from(await weights.readRows('b', 0, 1))).toEqual([3])
  expect(weights.entry('unlisted')).toBeNull()
})

test('the single file wins over an index', async () => {
  const weights = await model({ 'model.safetensors': single, [indexFile]: 'not JSON' })
  expect(weights.names()).toEqual(['a', 'b'])
})

describe('refused', () => {
  test.each<[string, Record<string, string | Uint8Array<ArrayBuffer>>, RegExp]>([
    [
      'no weights',
      { 'config.json': '{}' },
      /tiny: there is neither model.safetensors nor model.safetensors.index/,
    ],
    [
      'pickled weights',
      { 'pytorch_model.bin': 'x' },
      /pytorch_model.bin is not read: save the model as safetensors/,
    ],
    ['an index that is not JSON', { [indexFile]: '{' }, /index.json: the file is not JSON/],
    ['an index without a map', { [indexFile]: '{"metadata":{}}' }, /there is no 'weight_map'/],
    ['an index that is null', { [indexFile]: 'null' }, /there is no 'weight_map'/],
    ['an empty map', { [indexFile]: index({}) }, /there is no 'weight_map'/],
    ['a list for a map', { [indexFile]: index(['a']) }, /there is no 'weight_map'/],
    [
      'a shard elsewhere',
      { [indexFile]: index({ a: '../x.safetensors' }) },
      /'a' is said to be in "..\/x.safetensors"/,
    ],
    ['a shard of another kind', { [indexFile]: index({ a: 'a.bin' }) }, /'a' is said to be in "a.bin"/],
    ['a shard that is no name', { [indexFile]: index({ a: 1 }) }, /'a' is said to be in 1/],
    [
      'a tensor that its shard lacks',
      { ...shards, [indexFile]: index({ b: 'model-1.safetensors' }) },
      /'b' is in model-1.safetensors, which lacks it/,
    ],
  ])('%s', async (_, files, message) => {
    await expect(model(files)).rejects.toThrow(WeightsError)
    await expect(model(files)).rejects.toThrow(message)
  })

  test('a shard that is missing or broken', async () => {
    await expect(model({ [indexFile]: index({ a: 'model-9.safetensors' }) })).rejects.toThrow(
      "no file 'model-9.safetensors'",
    )
    await expect(model({ 'model.safetensors': 'too short to be one' })).rejects.toThrow(SafetensorsError)
    await expect(model({ 'model.safetensors': '' })).rejects.toThrow('tiny/model.safetensors: 0 bytes')
  })
})
