import { blobSource } from '../../src/io/byte-source'
import { filesFromList, type ModelFiles } from '../../src/io/model-files'
import { openSafetensors } from '../../src/io/safetensors'
import tokenizer from '../fixtures/byte-fallback-tokenizer.json'
import tiedJson from '../fixtures/llama-tied.json'
import untiedJson from '../fixtures/llama-untied.json'
import { fromBase64 } from '../io/bytes'

/** A model with what PyTorch computes on it; see test/fixtures/make_llama.py. */
export interface LlamaFixture {
  readonly name: string
  /** Text, or base64 where the name ends in `.safetensors`. */
  readonly files: Readonly<Record<string, string>>
  readonly sequences: readonly (readonly number[])[]
  /** How much each token's log-prob counts in the objective: from the second token of each sequence on. */
  readonly coefficients: readonly number[]
  /** Base64 of a safetensors file. */
  readonly expected: string
}

export const untied = { name: 'untied', ...untiedJson }
export const tied = { name: 'tied', ...tiedJson }

/** The files of a folder; those of a tokenizer are added. */
export function folder(files: Readonly<Record<string, string>>, name: string): ModelFiles {
  const texts = Object.entries(tokenizer.files).map(([path, json]) => [path, JSON.stringify(json)] as const)
  const blobs = [...texts, ...Object.entries(files)].map(
    ([path, content]) =>
      [path, new Blob([path.endsWith('.safetensors') ? fromBase64(content) : content])] as const,
  )
  return filesFromList(new Map(blobs), name)
}

/** What PyTorch computed, by name. */
export async function expectedOf({ name, expected }: LlamaFixture): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(blobSource(new Blob([fromBase64(expected)]), name), name)
  const read = async (key: string) => [key, await file.read(key)] as const
  return new Map(await Promise.all([...file.tensors.keys()].map(read)))
}
