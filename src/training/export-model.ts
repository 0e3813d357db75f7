import { f32ToBf16 } from '../io/half-floats'
import {
  bytesOf,
  type FloatDtype,
  layOutTensors,
  type TensorFile,
  type TensorShape,
} from '../io/merged-files'
import type { ModelFiles } from '../io/model-files'
import type { WeightSpec } from '../models/architecture'
import { architectures } from '../models/architectures'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import { readBlueprint } from '../models/load-network'
import { halfBits } from '../ops/format-f16'
import type { LoraFactors } from '../ops/lora'
import { SHARD_ROWS, type Weight } from '../ops/matrix'
import { TrainingError } from './errors'
import { checkChanges, mergedRows } from './merge-adapter'

export interface ExportOptions {
  /** Changes that are added to the weights on the way. */
  readonly adapter?: { readonly map: LoraMap } | null
  /** What values are rounded to. Default: f32, exactly. */
  readonly dtype?: FloatDtype
  /** Most bytes of weights in a file. Default: 5 GB, as Hugging Face's. */
  readonly fileBytes?: number
  readonly signal?: AbortSignal
}

/** A file to be written. */
export interface ExportedFile {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** The contents, a few MiB at a time, made as they are asked for. */
  chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>
}

/** What is copied as it is, where the model has it: what tells how text becomes tokens, and how to generate. */
const COPIED = [
  ...['generation_config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'],
  ...['added_tokens.json', 'chat_template.jinja', 'chat_template.json', 'tokenizer.model'],
  ...['vocab.json', 'merges.txt'],
]

/** Values on the host at a time, about. */
const PIECE_VALUES = 2 ** 20
const COPY_BYTES = 4 * 2 ** 20

/**
 * A model as a folder that transformers, and `loadModel`, load: `config.json`, the weights as safetensors under their
 * Hugging Face names and in their layout, and the tokenizer's files. Sizes are known at once; values leave the GPU as
 * they are asked for, and the network does not change. Weights stored in fewer bits are written as what they stand for.
 *
 * @param source the files that the network was loaded from, for all but the weights
 * @throws {TrainingError} if `source` or the adapter is of another model, and for a value that f16 cannot hold
 */
export async function exportModel(
  network: CausalNetwork,
  source: ModelFiles,
  options: ExportOptions = {},
): Promise<readonly ExportedFile[]> {
  const { adapter = null, dtype = 'f32', fileBytes = 5e9, signal } = options
  if (adapter) checkChanges(network, adapter.map)
  const { weights: specs } = await readBlueprint(source, architectures)
  const tensors = [...specs].map(([name, spec]) => ({
    name,
    spec,
    weight: weightOf(network, source.name, name, spec),
    factors: adapter?.map.get(name.replace(/\.weight$/, '')) ?? null,
    shape: spec.transposed ? [...spec.shape].reverse() : spec.shape,
  }))
  if (network.weights.size > specs.size)
    throw new TrainingError(`the network has weights that ${source.name}/config.json knows nothing of`)
  const { files, index } = layOutTensors<Exported>(tensors, { dtype, fileBytes })
  const exported = [textFile('config.json', configJson(await source.text('config.json'), dtype))]
  for (const file of files) exported.push(weightsFile(network, file, dtype, signal))
  if (index) exported.push(textFile('model.safetensors.index.json', index))
  for (const path of COPIED) if (await source.has(path)) exported.push(await copied(source, path))
  return exported
}

interface Exported extends TensorShape {
  readonly spec: WeightSpec
  readonly weight: Weight
  readonly factors: LoraFactors | null
}

function weightOf({ weights }: CausalNetwork, source: string, name: string, { shape }: WeightSpec): Weight {
  const weight = weights.get(name)
  if (weight?.shape.join() === shape.join()) return weight
  throw new TrainingError(
    `${source}/config.json asks for ${name} [${shape.join(', ')}], the network has ${
      weight ? `[${weight.shape.join(', ')}]` : 'none'
    }. Give the files that it was loaded from`,
  )
}

const weightsFile = (
  { gpu }: CausalNetwork,
  { path, size, header, tensors }: TensorFile<Exported>,
  dtype: FloatDtype,
  signal: AbortSignal | undefined,
): ExportedFile => ({
  path,
  size,
  async *chunks() {
    yield header
    for (const { name, spec, weight, factors } of tensors) {
      const [rows = 0, columns = 1] = spec.shape
      const height = Math.max(1, Math.floor(PIECE_VALUES / columns / SHARD_ROWS)) * SHARD_ROWS
      const whole = spec.transposed ? new Float32Array(rows * columns) : null
      let row = 0
      for await (const piece of mergedRows(gpu, weight, factors, height)) {
        signal?.throwIfAborted()
        if (whole) {
          // Rows are columns in the file: all of them are needed for its first row.
          for (let i = 0; i < piece.length; i++) {
            whole[(i % columns) * rows + row + Math.floor(i / columns)] = piece[i]!
          }
          row += piece.length / columns
        } else yield encoded(piece, dtype, name)
      }
      if (whole) yield encoded(whole, dtype, name)
    }
  },
})

function encoded(values: Float32Array, dtype: FloatDtype, name: string): Uint8Array<ArrayBuffer> {
  if (dtype === 'f32')
    return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)
  const halves = dtype === 'bf16' ? f32ToBf16(values) : new Uint16Array(values.length)
  if (dtype === 'f16') {
    for (let i = 0; i < values.length; i++) {
      halves[i] = halfBits(values[i]!)
      if ((halves[i]! & 0x7fff) === 0x7c00 && Number.isFinite(values[i]))
        throw new TrainingError(`${name} holds ${values[i]}, beyond f16's 65504. Export it as bf16 or f32`)
    }
  }
  return new Uint8Array(halves.buffer, 0, halves.length * bytesOf(dtype))
}

/** The model's config, with the type of the weights as they are written. */
function configJson(text: string, dtype: FloatDtype): string {
  const config = JSON.parse(text) as Record<string, unknown>
  // The key has a new name since version 5 of transformers, which knows the old one too.
  const key = 'dtype' in config ? 'dtype' : 'torch_dtype'
  const name = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' }[dtype]
  return `${JSON.stringify({ ...config, [key]: name }, null, 2)}\n`
}

function textFile(path: string, text: string): ExportedFile {
  const bytes = new TextEncoder().encode(text)
  return {
    path,
    size: bytes.length,
    async *chunks() {
      yield bytes
    },
  }
}

async function copied(source: ModelFiles, path: string): Promise<ExportedFile> {
  const file = await source.open(path)
  return {
    path,
    size: file.size,
    async *chunks() {
      for (let begin = 0; begin < file.size; begin += COPY_BYTES) {
        yield await file.read(begin, Math.min(file.size, begin + COPY_BYTES))
      }
    },
  }
}
