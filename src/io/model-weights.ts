import type { ModelFiles } from './model-files'
import { openSafetensors, type Safetensors, type TensorEntry } from './safetensors'

/** The tensors of a model, from one file or from the shards that an index names. */
export interface Weights {
  /** Sorted as in the file, or as in the index. */
  names(): string[]
  /** Type, shape and byte range of a tensor in its file; null where the model has no such tensor. */
  entry(name: string): TensorEntry | null
  /** The values, as exact f32, row-major. Throws `SafetensorsError` or `WeightsError`. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>
  /** Rows [begin, end) of the first axis, as `read` gives them; only their bytes are asked for. */
  readRows(name: string, begin: number, end: number): Promise<Float32Array<ArrayBuffer>>
}

/** A model whose weights are missing, or whose index and shards disagree. */
export class WeightsError extends Error {
  override name = 'WeightsError'
}

const singleFile = 'model.safetensors'
const indexFile = 'model.safetensors.index.json'

/**
 * Opens `model.safetensors`, or else the shards of `model.safetensors.index.json`. Reads headers only. Throws
 * `WeightsError` when there is neither, and when the index names a shard or a tensor that is not there.
 */
export async function openWeights(files: ModelFiles): Promise<Weights> {
  if (await files.has(singleFile)) {
    const file = await openSafetensors(await files.open(singleFile), `${files.name}/${singleFile}`)
    return weightsOf(files.name, new Map([...file.tensors.keys()].map(name => [name, file])))
  }
  if (!(await files.has(indexFile))) {
    const pickled = await files.has('pytorch_model.bin')
    const hint = pickled ? '; pytorch_model.bin is not read: save the model as safetensors' : ''
    throw new WeightsError(`${files.name}: there is neither ${singleFile} nor ${indexFile}${hint}`)
  }
  const shardOf = parseIndex(await files.text(indexFile), `${files.name}/${indexFile}`)
  const shards = new Map<string, Safetensors>()
  // One after the other: what is read ahead of one file replaces what was read ahead of another.
  for (const shard of new Set(shardOf.values()))
    shards.set(shard, await openSafetensors(await files.open(shard), `${files.name}/${shard}`))
  const tensors = new Map<string, Safetensors>()
  for (const [name, shard] of shardOf) {
    const file = shards.get(shard)!
    if (!file.tensors.has(name))
      throw new WeightsError(`${files.name}: ${indexFile} says that '${name}' is in ${shard}, which lacks it`)
    tensors.set(name, file)
  }
  return weightsOf(files.name, tensors)
}

function weightsOf(model: string, fileOf: ReadonlyMap<string, Safetensors>): Weights {
  const holderOf = (name: string) => {
    const file = fileOf.get(name)
    if (!file) throw new WeightsError(`${model}: the weights have no tensor '${name}'`)
    return file
  }
  return {
    names: () => [...fileOf.keys()],
    entry: name => fileOf.get(name)?.tensors.get(name) ?? null,
    read: async name => holderOf(name).read(name),
    readRows: async (name, begin, end) => holderOf(name).readRows(name, begin, end),
  }
}

function parseIndex(json: string, name: string): Map<string, string> {
  let index: unknown
  try {
    index = JSON.parse(json)
  } catch (cause) {
    throw new WeightsError(`${name}: the file is not JSON: ${(cause as Error).message}`, { cause })
  }
  const map: unknown = (index as { weight_map?: unknown } | null)?.weight_map
  if (typeof map !== 'object' || map === null || Array.isArray(map) || Object.keys(map).length === 0)
    throw new WeightsError(`${name}: there is no 'weight_map' from tensors to files`)
  // A file beside the index: nothing that could lead to another folder or host.
  for (const [tensor, shard] of Object.entries(map))
    if (typeof shard !== 'string' || !/^[\w-][\w.-]*\.safetensors$/.test(shard))
      throw new WeightsError(
        `${name}: '${tensor}' is said to be in ${JSON.stringify(shard)}, no .safetensors file`,
      )
  return new Map(Object.entries(map))
}
