import {
  type ExportedFile,
  exportModel,
  type FloatDtype,
  ggufLora,
  LoraAdapter,
  type ModelFiles,
  type PeftAdapter,
} from '../../src/index'
import type { OutputFile } from '../protocol'
import type { Tuned } from './tuned'

/** The adapter for llama.cpp. @throws {GgufError} for one that llama.cpp cannot apply */
export async function ggufFile(adapter: PeftAdapter, files: ModelFiles): Promise<OutputFile> {
  const bytes = ggufLora(adapter, await files.text('config.json'))
  return {
    name: 'adapter.gguf',
    description: 'The adapter for llama.cpp’s --lora',
    blob: new Blob([bytes]),
  }
}

/** The whole model with what was trained in its weights, as transformers loads it, file by file. */
export async function modelFilesOf(
  { model, trainable, copy }: Tuned,
  source: ModelFiles,
  dtype: FloatDtype,
  signal: AbortSignal,
  onProgress: (fraction: number) => void,
): Promise<OutputFile[]> {
  const adapter = trainable instanceof LoraAdapter ? trainable : null
  const files = await exportModel((copy ?? model).network, source, { adapter, dtype, signal })
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  const outputs: OutputFile[] = []
  for (const file of files) {
    const blob = await blobOf(file, bytes => {
      done += bytes
      onProgress(done / total)
    })
    const description = file.path.endsWith('.safetensors') ? `Weights, ${dtype}` : 'As the model had it'
    outputs.push({ name: `model/${file.path}`, description, blob })
  }
  return outputs
}

/** The browser may keep a blob's parts on disk. */
async function blobOf({ chunks }: ExportedFile, onBytes: (bytes: number) => void): Promise<Blob> {
  const parts: Blob[] = []
  for await (const chunk of chunks()) {
    onBytes(chunk.length)
    parts.push(new Blob([chunk]))
  }
  return new Blob(parts)
}
