import type { ModelFiles } from './model-files'
import { PeftAdapterError, type PeftConfig, parsePeftConfig, peftConfigJson } from './peft-config'
import { openSafetensors, type TensorData, writeSafetensors } from './safetensors'

export { PeftAdapterError, type PeftConfig }

/** A LoRA adapter in the format of Hugging Face PEFT. */
export interface PeftAdapter {
  config: PeftConfig
  /**
   * `base_model.model.` + module + `.lora_A.weight` [R, in] or `.lora_B.weight` [out, R], as in the file.
   */
  tensors: Map<string, TensorData>
}

const configFile = 'adapter_config.json'
const tensorFile = 'adapter_model.safetensors'

/**
 * Reads `adapter_config.json` and `adapter_model.safetensors` (F32, F16 or BF16). Throws `PeftAdapterError` for
 * anything but plain LoRA on linear layers, for an A without its B, and for a rank other than the config's.
 */
export async function readPeftAdapter(files: ModelFiles): Promise<PeftAdapter> {
  const config = parsePeftConfig(await files.text(configFile), `${files.name}/${configFile}`)
  const name = `${files.name}/${tensorFile}`
  const file = await openSafetensors(await files.open(tensorFile), name)
  const tensors: PeftAdapter['tensors'] = new Map()
  const shapes = [...file.tensors].map(([key, { shape }]) => [key, shape] as const)
  const modules = checkPairs(shapes, config.r, name)
  // A pattern says in PEFT's own language what the tensors' names say plainly.
  const targetModules = config.targetModules ?? lastParts(modules)
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
  const { r } = parsePeftConfig(json, configFile)
  const modules = checkPairs(
    [...tensors].map(([key, { shape }]) => [key, shape]),
    r,
    tensorFile,
  )
  checkTargets(modules, config.targetModules, tensorFile)
  return { [configFile]: json, [tensorFile]: writeSafetensors(tensors, { format: 'pt' }) }
}

/** The modules that have both an A [r, in] and a B [out, r]. */
function checkPairs(
  shapes: readonly (readonly [string, readonly number[]])[],
  r: number,
  name: string,
): string[] {
  const sides = { A: new Set<string>(), B: new Set<string>() }
  for (const [key, shape] of shapes) {
    const match = /^base_model\.model\.(.+)\.lora_(A|B)\.weight$/.exec(key)
    if (!match)
      throw new PeftAdapterError(
        `${name}: tensor '${key}' is no lora_A or lora_B weight; only plain LoRA is supported`,
      )
    const [, module, side] = match as unknown as [string, string, 'A' | 'B']
    if (shape.length !== 2 || shape[side === 'A' ? 0 : 1] !== r) {
      const wanted = side === 'A' ? `[${r}, in]` : `[out, ${r}]`
      throw new PeftAdapterError(
        `${name}: tensor '${key}' has shape [${shape}], wanted is ${wanted} for r = ${r}`,
      )
    }
    sides[side].add(module)
  }
  for (const [side, other] of [
    ['A', 'B'],
    ['B', 'A'],
  ] as const)
    for (const module of sides[side])
      if (!sides[other].has(module))
        throw new PeftAdapterError(`${name}: module '${module}' has a lora_${side} but no lora_${other}`)
  if (sides.A.size === 0) throw new PeftAdapterError(`${name}: the adapter has no tensors`)
  return [...sides.A]
}

/** PEFT gives the adapter to modules by name only: it would drop the tensors of any other. */
function checkTargets(modules: readonly string[], targets: readonly string[], name: string): void {
  for (const module of modules)
    if (!targets.some(target => module === target || module.endsWith(`.${target}`)))
      throw new PeftAdapterError(
        `${name}: module '${module}' is not among the target modules ${targets.join(', ')}: it would be ignored`,
      )
}

const lastParts = (modules: readonly string[]) =>
  [...new Set(modules.map(module => module.slice(module.lastIndexOf('.') + 1)))].sort()
