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

/** What decides a job's results. No times, so that equal jobs have equal ones. */
export type JobIdentity = Omit<Manifest, 'outputs'>

/** What a job is made from. A job that needs no model, or no GPU, has none. */
export const jobIdentity = ({
  gpu,
  model,
  options,
  inputs,
}: {
  readonly gpu: Gpu | null
  readonly model: Manifest['model']
  readonly options: Manifest['options']
  readonly inputs: readonly FileDigest[]
}): JobIdentity => ({ tabtune: version, model, options, inputs, adapter: gpu?.adapter ?? null })

/** What a job was made from and what it made: enough to run it again and compare. */
export async function jobManifest({
  outputs,
  ...parts
}: Omit<Parameters<typeof jobIdentity>[0], 'options'> & {
  readonly options: JobOptions | Manifest['options']
  readonly outputs: ReadonlyMap<string, Uint8Array | string>
}): Promise<Manifest> {
  return {
    ...jobIdentity({ ...parts, options: { ...parts.options } }),
    outputs: await Promise.all([...outputs].map(([name, content]) => fileDigest(name, content))),
  }
}
