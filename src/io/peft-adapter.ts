import type { ModelFiles } from './model-files'
import {
  isNamed,
  PeftAdapterError,
  type PeftConfig,
  parsePeftConfig,
  peftConfigJson,
  rankOf,
} from './peft-config'
import { openSafetensors, type TensorData, writeSafetensors } from './safetensors'

export { PeftAdapterError, type PeftConfig }

/** A LoRA adapter in the format of Hugging Face PEFT. */
export interface PeftAdapter {
  config: PeftConfig
  /**
   * `base_model.model.` + module + `.lora_A.weight` [R, in], `.lora_B.weight` [out, R] and, with DoRA,
   * `.lora_magnitude_vector` [out], as in the file.
   */
  tensors: Map<string, TensorData>
}

const configFile = 'adapter_config.json'
const tensorFile = 'adapter_model.safetensors'

/**
 * Reads `adapter_config.json` and `adapter_model.safetensors` (F32, F16 or BF16). Throws `PeftAdapterError` for
 * anything but LoRA and DoRA on linear layers, for an A without its B, and for a rank other than the config's.
 */
export async function readPeftAdapter(files: ModelFiles): Promise<PeftAdapter> {
  const config = parsePeftConfig(await files.text(configFile), `${files.name}/${configFile}`)
  const name = `${files.name}/${tensorFile}`
  const file = await openSafetensors(await files.open(tensorFile), name)
  const tensors: PeftAdapter['tensors'] = new Map()
  const shapes = [...file.tensors].map(([key, { shape }]) => [key, shape] as const)
  const modules = checkTensors(shapes, config, name)
  // A pattern says in PEFT's own language what the tensors' names say plainly.
  const targetModules = config.targetModules ?? modules
  checkTargets(modules, targetModules, name)
  for (const [key, { shape }] of file.tensors) tensors.set(key, { shape, data: await file.read(key) })
  return { config: { ...config, targetModules }, tensors }
}

/** The two files of an adapter; the same adapter gives the same bytes. Throws `PeftAdapterError` as reading does. */
export function writePeftAdapter({ config, tensors }: PeftAdapter): {
  [configFile]: string
  [tensorFile]: Uint8Array<ArrayBuffer>
} {
  const json = peftConfigJson(config)
  // What is written must read back: one set of rules for both ways.
  const rules = parsePeftConfig(json, configFile)
  const shapes = [...tensors].map(([key, { shape }]) => [key, shape] as const)
  const modules = checkTensors(shapes, rules, tensorFile)
  checkTargets(modules, config.targetModules, tensorFile)
  return { [configFile]: json, [tensorFile]: writeSafetensors(tensors, { format: 'pt' }) }
}

const parts = {
  lora_A: 'lora_A.weight',
  lora_B: 'lora_B.weight',
  magnitude: 'lora_magnitude_vector',
} as const
type Part = keyof typeof parts

/** The modules that have an A [r, in], a B [out, r] and, with DoRA, a magnitude vector [out]. */
function checkTensors(
  shapes: readonly (readonly [string, readonly number[]])[],
  config: Pick<PeftConfig, 'r' | 'rankPattern' | 'useDora'>,
  name: string,
): string[] {
  const modules = new Map<string, Partial<Record<Part, readonly number[]>>>()
  for (const [key, shape] of shapes) {
    const match = /^base_model\.model\.(.+)\.(lora_A\.weight|lora_B\.weight|lora_magnitude_vector)$/.exec(key)
    const [, module = '', suffix] = match ?? []
    const part = (Object.keys(parts) as Part[]).find(each => parts[each] === suffix)
    if (!part || (part === 'magnitude' && !config.useDora)) {
      const only = 'only LoRA and, with use_dora, DoRA are supported'
      throw new PeftAdapterError(`${name}: tensor '${key}' is no lora_A or lora_B weight; ${only}`)
    }
    const held = modules.get(module) ?? {}
    modules.set(module, { ...held, [part]: shape })
    const r = rankOf(config, module)
    const wanted = { lora_A: `[${r}, in]`, lora_B: `[out, ${r}]`, magnitude: '[out]' }[part]
    const fits =
      part === 'magnitude' ? shape.length === 1 : shape.length === 2 && shape[part === 'lora_A' ? 0 : 1] === r
    if (!fits) {
      throw new PeftAdapterError(
        `${name}: tensor '${key}' has shape [${shape}], wanted is ${wanted} for r = ${r}`,
      )
    }
  }
  const needed: readonly Part[] = config.useDora ? ['lora_A', 'lora_B', 'magnitude'] : ['lora_A', 'lora_B']
  for (const [module, held] of modules) {
    const missing = needed.find(part => !held[part])
    if (missing) {
      const has = needed.find(part => held[part])!
      throw new PeftAdapterError(`${name}: module '${module}' has a ${has} but no ${missing}`)
    }
    const { lora_B: b, magnitude } = held
    if (magnitude && magnitude[0] !== b![0])
      throw new PeftAdapterError(
        `${name}: module '${module}' has ${magnitude[0]} magnitudes for ${b![0]} outputs`,
      )
  }
  if (modules.size === 0) throw new PeftAdapterError(`${name}: the adapter has no tensors`)
  return [...modules.keys()]
}

/** PEFT gives the adapter to modules by name only: it would drop the tensors of any other. */
function checkTargets(modules: readonly string[], targets: readonly string[], name: string): void {
  for (const module of modules)
    if (!targets.some(target => isNamed(module, target)))
      throw new PeftAdapterError(
        `${name}: module '${module}' is not among the target modules ${targets.join(', ')}: it would be ignored`,
      )
}
