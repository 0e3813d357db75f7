import { expect } from 'vitest'
import { onnxEmbedder } from '../../../src/embedding/onnx-embedder'
import { test } from '../../gpu'
import { encoderFiles } from '../../onnx-models'

// In a file of its own: ONNX Runtime that did not start stays so.
test('where ONNX Runtime’s files are not what they should be, the error names the way out', async ({
  gpu,
}) => {
  const files = { mjs: '/test/fixtures/none.mjs', wasm: '/test/fixtures/none.wasm' }
  const opened = onnxEmbedder(gpu, encoderFiles('lookup'), { device: 'wasm', runtime: { files } })
  await expect(opened).rejects.toThrow(
    /^tiny-bert\/onnx\/model\.onnx: ONNX Runtime cannot load it with wasm: no available backend found\..*; if its files are elsewhere, name them with the option runtime: \{ files: \{ mjs, wasm \} \}$/,
  )
})
