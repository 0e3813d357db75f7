import { OutOfMemoryError } from '../gpu/errors'
import type { Gpu } from '../gpu/gpu'
import type { ModelFiles } from '../io/model-files'
import { openWeights } from '../io/model-weights'
import { f16 } from '../ops/format-f16'
import { f32 } from '../ops/format-f32'
import { int4 } from '../ops/format-int4'
import { int8 } from '../ops/format-int8'
import type { WeightFormat } from '../ops/weight-format'
import type { Architecture, Blueprint, WeightSpecs } from './architecture'
import { Config, type Json, shown } from './config'
import { ModelError } from './errors'
import { checkTiedHead } from './tied-head'
import { uploadWeights } from './upload-weights'
import { weightNames } from './weight-names'
import { weightBytes } from './weight-storage'

export interface LoadOptions {
  /** How the weights of linear layers are stored: `f32`, `f16`, `int8` or `int4()`. Default: f32, exactly. */
  readonly storage?: WeightFormat
  readonly signal?: AbortSignal
  /** Called with the share of all values that is on the GPU, after every few MiB. */
  readonly onProgress?: (fraction: number) => void
}

/**
 * The network of Hugging Face files: `config.json` and safetensors in f32, f16 or bf16. Weights go to the GPU as they
 * are read, a few MiB at a time.
 *
 * @throws {ModelError} for an architecture that is not known, and for weights that are missing, of another shape,
 *   left over, tied and not the same, or beyond what the storage can hold
 * @throws {OutOfMemoryError} naming what the model needs in each storage
 */
export async function loadNetwork<Network extends Disposable>(
  gpu: Gpu,
  files: ModelFiles,
  architectures: readonly Architecture<Network>[],
  { storage = f32, signal, onProgress }: LoadOptions = {},
): Promise<Network> {
  const blueprint = await readBlueprint(files, architectures)
  const weightFiles = await openWeights(files)
  const nameOf = weightNames(files.name, blueprint, weightFiles)
  if (blueprint.tied) await checkTiedHead(files.name, blueprint.tied, weightFiles, nameOf, signal)
  try {
    const options = { storage, signal, onProgress }
    const weights = await uploadWeights(gpu, files.name, blueprint.weights, weightFiles, nameOf, options)
    try {
      return blueprint.build(gpu, weights)
    } catch (error) {
      for (const weight of weights.values()) weight[Symbol.dispose]()
      throw error
    }
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error
    const needs = memoryNeeds(blueprint.weights)
      .map(({ storage, bytes }) => `${gigabytes(bytes)} as ${storage.name}`)
      .join(', ')
    throw new OutOfMemoryError(`${files.name}: ${error.message}. Its weights take ${needs}`, { cause: error })
  }
}

/** Bytes of a model's weights on the GPU in each storage. */
export const memoryNeeds = (
  specs: WeightSpecs,
): readonly { readonly storage: WeightFormat; readonly bytes: number }[] =>
  [f32, f16, int8, int4()].map(storage => ({ storage, bytes: weightBytes(specs, storage) }))

const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(2)} GB`

/** @throws {ModelError} for a config.json that is none, or whose `model_type` is not among `architectures` */
export async function readBlueprint<Network>(
  files: ModelFiles,
  architectures: readonly Architecture<Network>[],
): Promise<Blueprint<Network>> {
  let json: Json
  try {
    json = JSON.parse(await files.text('config.json')) as Json
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new ModelError(`${files.name}: config.json is not JSON: ${cause.message}`, { cause })
  }
  const kind = typeof json === 'object' && json !== null ? json.model_type : undefined
  const known = architectures.find(({ modelType }) => modelType === kind)
  if (!known) {
    const names = architectures.map(({ modelType }) => modelType).join(', ')
    throw new ModelError(`${files.name}: config.json: model_type is ${shown(kind)}, known are: ${names}`)
  }
  return known.blueprint(new Config(json, files.name))
}
