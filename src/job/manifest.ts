import { version as packageVersion } from '../../package.json'
import { type FileDigest, fileDigest, type Manifest } from '../data/manifest'
import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import type { JobOptions } from './options'

/** The package's version. */
export const version: string = packageVersion

/** The files that decide what a model computes, as far as they are there. */
const MODEL_FILES = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'model.safetensors',
  'complexity/adapter_model.safetensors',
  'quality/adapter_model.safetensors',
]

/** Digests of a model's files. Shards of a large model are named by its index file, whose digest stands for them. */
export async function modelDigests(files: ModelFiles): Promise<FileDigest[]> {
  const digests: FileDigest[] = []
  for (const path of [...MODEL_FILES, 'model.safetensors.index.json']) {
    if (!(await files.has(path))) continue
    const source = await files.open(path)
    digests.push(await fileDigest(path, await source.read(0, source.size)))
  }
  return digests
}

/** What a job was made from and what it made: enough to run it again and compare. */
export async function jobManifest(parts: {
  readonly gpu: Gpu
  readonly model: Manifest['model']
  readonly options: JobOptions
  readonly inputs: readonly FileDigest[]
  readonly outputs: ReadonlyMap<string, Uint8Array | string>
}): Promise<Manifest> {
  const { gpu, model, options, inputs, outputs } = parts
  return {
    tabtune: version,
    model,
    options: { ...options },
    inputs,
    adapter: gpu.adapter,
    outputs: await Promise.all([...outputs].map(([name, content]) => fileDigest(name, content))),
  }
}
