import { openSafetensors, type TensorData } from '../../src/io/safetensors'
import { halfBits } from '../../src/ops/format-f16'
import gemma3 from '../fixtures/architectures/gemma3.json'
import neox from '../fixtures/architectures/gpt-neox.json'
import neoxSequential from '../fixtures/architectures/gpt-neox-sequential.json'
import gpt2 from '../fixtures/architectures/gpt2.json'
import llama3 from '../fixtures/architectures/llama3.json'
import mistral from '../fixtures/architectures/mistral.json'
import qwen2 from '../fixtures/architectures/qwen2.json'
import qwen3 from '../fixtures/architectures/qwen3.json'
import { fromBase64, layout, sourceOf } from '../io/bytes'
import type { LlamaFixture } from './llama-fixture'

/** A model with what PyTorch and PEFT compute on it; see test/fixtures/make_architectures.py. */
export interface ArchitectureFixture extends LlamaFixture {
  /** The files' config.json as older versions of transformers wrote it. */
  readonly olderConfig: string
  /** The files of a PEFT adapter on all linear layers. */
  readonly adapter: Readonly<Record<string, string>>
  readonly prompt: readonly number[]
  /** The most likely tokens after the prompt. */
  readonly answer: readonly number[]
}

export const architectures: Readonly<Record<string, ArchitectureFixture>> = {
  llama3: { name: 'llama3', ...llama3 },
  mistral: { name: 'mistral', ...mistral },
  qwen2: { name: 'qwen2', ...qwen2 },
  qwen3: { name: 'qwen3', ...qwen3 },
  gpt2: { name: 'gpt2', ...gpt2 },
  neox: { name: 'gpt-neox', ...neox },
  neoxSequential: { name: 'gpt-neox-sequential', ...neoxSequential },
  gemma3: { name: 'gemma3', ...gemma3 },
}

/** The weights of a fixture's file. */
export async function weightsOf({ files }: Pick<LlamaFixture, 'files'>): Promise<Map<string, TensorData>> {
  const file = await openSafetensors(sourceOf(fromBase64(files['model.safetensors']!)))
  const read = async ([name, { shape }]: [string, { shape: readonly number[] }]) =>
    [name, { shape, data: await file.read(name) }] as const
  return new Map(await Promise.all([...file.tensors].map(read)))
}

/** A tensor as a file holds it. */
export interface StoredTensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Any tensors in the order given, whatever their type, as a file in base64. */
export function safetensorsOf(tensors: ReadonlyMap<string, StoredTensor>): string {
  let end = 0
  const header = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const begin = end
    end += bytes.length
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const
  })
  const file = layout(JSON.stringify(Object.fromEntries(header)), end)
  let at = file.length - end
  for (const { bytes } of tensors.values()) {
    file.set(bytes, at)
    at += bytes.length
  }
  return btoa(Array.from(file, byte => String.fromCharCode(byte)).join(''))
}

const encoders = {
  F32: (data: Float32Array) => data,
  F16: (data: Float32Array) => Uint16Array.from(data, halfBits),
  BF16: (data: Float32Array) =>
    Uint16Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length), bits => bits >>> 16),
}

export type FloatType = keyof typeof encoders

/** A tensor as a file of this type has it; what the type cannot hold is lost. */
export function stored({ shape, data }: TensorData, dtype: FloatType): StoredTensor {
  const { buffer, byteOffset, byteLength } = encoders[dtype](data)
  return { dtype, shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) }
}

/** The fixture with other weights, in a file of another type. */
export function withWeights<F extends LlamaFixture>(
  fixture: F,
  weights: ReadonlyMap<string, TensorData>,
  dtype: FloatType = 'F32',
): F {
  const file = safetensorsOf(new Map([...weights].map(([name, tensor]) => [name, stored(tensor, dtype)])))
  return { ...fixture, files: { ...fixture.files, 'model.safetensors': file } }
}

/** The fixture with another config.json. */
export const withConfig = <F extends LlamaFixture>(fixture: F, config: string): F => ({
  ...fixture,
  files: { ...fixture.files, 'config.json': config },
})
