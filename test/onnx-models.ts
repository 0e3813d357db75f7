import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import { filesFromList, type ModelFiles } from '../src/io/model-files'
import type { OnnxRuntimeOptions } from '../src/io/onnx-runtime'
import causal from './fixtures/onnx-causal.json'
import encoder from './fixtures/onnx-encoder.json'
import { fromBase64 } from './io/bytes'

/** Whether this is Node, whose software driver takes a minute to compile the kernels of a whole model. */
export const inNode = globalThis.location === undefined

/** Where the page's server has ONNX Runtime's files; in Node it finds them itself. */
export const runtime: OnnxRuntimeOptions = inNode ? {} : { files: { mjs, wasm } }

const isBinary = (path: string) => /\.(safetensors|onnx|onnx_data)$/.test(path)

/** A folder with one of the fixture's graphs as `onnx/model.onnx`, and with other files in place of its own. */
function folder(
  files: Readonly<Record<string, string>>,
  graph: string,
  name: string,
  changes: Readonly<Record<string, string | Uint8Array<ArrayBuffer> | null>>,
): ModelFiles {
  const blobs = new Map<string, Blob>()
  for (const [path, content] of Object.entries(files))
    blobs.set(path, new Blob([isBinary(path) ? fromBase64(content) : content]))
  blobs.set('onnx/model.onnx', blobs.get(`${graph}/model.onnx`)!)
  for (const [path, content] of Object.entries(changes))
    if (content === null) blobs.delete(path)
    else blobs.set(path, new Blob([content]))
  return filesFromList(blobs, name)
}

type Changes = Parameters<typeof folder>[3]

/** The BERT, as a whole or as its table of token vectors. */
export const encoderFiles = (graph: 'onnx' | 'lookup' = 'onnx', changes: Changes = {}): ModelFiles =>
  folder(encoder.files, graph, 'tiny-bert', changes)

/** The Llama: without a past, as the Hub exports it, or as its table of token vectors. */
export const causalFiles = (
  graph: 'onnx' | 'with-past' | 'lookup' = 'onnx',
  changes: Changes = {},
): ModelFiles => folder(causal.files, graph, 'tiny-llama', changes)
