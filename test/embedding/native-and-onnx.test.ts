import { describe, expect } from 'vitest'
import { encoderEmbedder } from '../../src/embedding/encoder-embedder'
import { onnxEmbedder } from '../../src/embedding/onnx-embedder'
import { loadEncoder } from '../../src/models/load-encoder'
import fixture from '../fixtures/onnx-encoder.json'
import { test } from '../gpu'
import { encoderFiles, inNode, runtime } from '../onnx-models'

const texts = fixture.expected.map(({ text }) => text)

/** The cosine of row i of x with row i of y, in double precision. */
function cosines(x: Float32Array, y: Float32Array, rows: number): number[] {
  const E = x.length / rows
  return Array.from({ length: rows }, (_, i) => {
    const [a, b] = [x.subarray(i * E, (i + 1) * E), y.subarray(i * E, (i + 1) * E)]
    const dot = (p: Float32Array, q: Float32Array) => p.reduce((sum, v, k) => sum + v * q[k]!, 0)
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
  })
}

describe.each(inNode ? (['wasm'] as const) : (['wasm', 'webgpu'] as const))('ONNX Runtime on %s', device => {
  test.for(['mean', 'cls'] as const)(
    'gives the vectors that the same encoder’s safetensors give, by %s',
    async (pooling, { gpu }) => {
      await using onnx = await onnxEmbedder(gpu, encoderFiles(), { device, runtime, pooling })
      using encoder = await loadEncoder(gpu, encoderFiles())
      const native = encoderEmbedder(encoder, { pooling })
      expect(native.dimensions).toBe(onnx.dimensions)
      using theirs = await onnx.embed(texts)
      using ours = await native.embed(texts)
      const [x, y] = await Promise.all([gpu.read(theirs), gpu.read(ours)])
      for (const cosine of cosines(x, y, texts.length)) expect(cosine).toBeGreaterThanOrEqual(0.999999)
    },
  )
})
