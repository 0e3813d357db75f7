import { expect } from 'vitest'
import { onnxEmbedder } from '../../../src/embedding/onnx-embedder'
import { test } from '../../gpu'
import { encoderFiles, runtime } from '../../onnx-models'

// The tokenizer's library sets addresses of a public host for ONNX Runtime's files, unless others are there.
test('nothing is asked of another origin, from the first use on', async ({ gpu }) => {
  performance.setResourceTimingBufferSize(100_000)
  const asked = () => performance.getEntriesByType('resource').map(({ name }) => name)
  for (const device of ['wasm', 'webgpu'] as const) {
    await using embedder = await onnxEmbedder(gpu, encoderFiles('lookup'), { device, runtime })
    using vectors = await embedder.embed(['a', 'the fox'])
    expect(vectors.shape).toEqual([2, 32])
  }
  const urls = asked().filter(url => !/^(blob|data):/.test(url))
  expect(urls.filter(url => new URL(url).origin !== location.origin)).toEqual([])
  // The page has seen what ONNX Runtime asked for, once. With a query, it is the module that gives the address.
  expect(urls.filter(url => url.endsWith('.wasm'))).toEqual([
    `${location.origin}/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm`,
  ])
})
