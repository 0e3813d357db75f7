import { version as packageVersion } from '../../package.json'
import { isFields } from '../data/fields'
import { type FileDigest, fileDigest, type Manifest } from '../data/manifest'
import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'

/** The package's version. */
export const version: string = packageVersion

/** The files that decide what a model computes, as far as they are there. */
const MODEL_FILES = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'modules.json',
  '1_Pooling/config.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  'model.safetensors',
  'complexity/adapter_config.json',
  'complexity/adapter_model.safetensors',
  'quality/adapter_config.json',
  'quality/adapter_model.safetensors',
]

const SHARD_INDEX = 'model.safetensors.index.json'

/**
 * Digests of a model's files.
 *
 * @param digest hashes a file in pieces. Without it each is held whole, which shards are too large for: the digest of
 *   their index file, which names them, then stands for them
 */
export async function modelDigests(
  files: ModelFiles,
  digest?: (path: string) => Promise<FileDigest>,
): Promise<FileDigest[]> {
  const digests: FileDigest[] = []
  for (const path of [...MODEL_FILES, SHARD_INDEX, ...(digest ? await shardsOf(files) : [])]) {
    if (await files.has(path)) digests.push(await (digest ?? wholeDigest)(path))
  }
  return digests

  async function wholeDigest(path: string): Promise<FileDigest> {
    const source = await files.open(path)
    return fileDigest(path, await source.read(0, source.size))
  }
}

/** Files that the weights are in, by name. None where a single file holds them: that one is read then. */
async function shardsOf(files: ModelFiles): Promise<string[]> {
  if ((await files.has('model.safetensors')) || !(await files.has(SHARD_INDEX))) return []
  const index = parsed(await files.text(SHARD_INDEX))
  const map = isFields(index) && isFields(index.weight_map) ? index.weight_map : {}
  return [...new Set(Object.values(map).filter(shard => typeof shard === 'string'))].sort()
}

/** What is no JSON is for who opens the weights to complain of. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
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
}: Parameters<typeof jobIdentity>[0] & {
  readonly outputs: ReadonlyMap<string, Uint8Array | string>
}): Promise<Manifest> {
  return {
    ...jobIdentity(parts),
    outputs: await Promise.all([...outputs].map(([name, content]) => fileDigest(name, content))),
  }
}
