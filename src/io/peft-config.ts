/**
 * How a LoRA adapter is scaled and where it goes: y += scale · B(A(x)), scale = α/r, or α/√r with `useRslora`; with
 * `useDora` the rows of W + scale · B·A have trained lengths.
 */
export interface PeftConfig {
  r: number
  loraAlpha: number
  /** The last parts of the names of the modules that have the adapter: `q_proj`, `mlp.up_proj`, or a whole name. */
  targetModules: readonly string[]
  useRslora: boolean
  useDora: boolean
  /** Share of the inputs that the adapter does not see in training. */
  loraDropout: number
  /** Ranks of single modules, by the last parts of their names, or `^` and the whole name; the first that fits counts. */
  rankPattern: Readonly<Record<string, number>>
  /** α of single modules, as their ranks. */
  alphaPattern: Readonly<Record<string, number>>
  /** What the adapter was trained on, as its maker called it. */
  baseModel: string | null
}

/** Whether a module is meant by the last parts of its name, or its whole name. */
export const isNamed = (module: string, name: string): boolean =>
  module === name || module.endsWith(`.${name}`)

/** Whether a key of `rankPattern` or `alphaPattern` means a module. */
export const fitsPattern = (module: string, key: string): boolean =>
  key.startsWith('^') ? module === key.slice(1) : isNamed(module, key)

const ofModule = (pattern: Readonly<Record<string, number>>, module: string, otherwise: number): number =>
  Object.entries(pattern).find(([key]) => fitsPattern(module, key))?.[1] ?? otherwise

/** R of a module. */
export const rankOf = ({ r, rankPattern }: Pick<PeftConfig, 'r' | 'rankPattern'>, module: string): number =>
  ofModule(rankPattern, module, r)

/** What B·A of a module is multiplied by. */
export function scaleOf(config: PeftConfig, module: string): number {
  const alpha = ofModule(config.alphaPattern, module, config.loraAlpha)
  const rank = rankOf(config, module)
  return config.useRslora ? alpha / Math.sqrt(rank) : alpha / rank
}

/** The α of a module that gives its scale as α/r. */
export function alphaOf(config: PeftConfig, module: string): number {
  const alpha = ofModule(config.alphaPattern, module, config.loraAlpha)
  return config.useRslora ? alpha * Math.sqrt(rankOf(config, module)) : alpha
}

/** An adapter that is broken, or that asks for more than LoRA or DoRA on linear layers. */
export class PeftAdapterError extends Error {
  override name = 'PeftAdapterError'
}

/** Keys that narrow the modules down: the tensors' names say plainly which are left. */
const narrowing = ['exclude_modules', 'layers_to_transform', 'layers_pattern']

/** Keys that change what the adapter computes, beyond LoRA and DoRA, unless they are null, false or empty. */
const unsupported = [
  ...['lora_bias', 'modules_to_save', 'layer_replication', 'target_parameters', 'megatron_config'],
  ...['trainable_token_indices', 'alora_invocation_tokens', 'use_qalora', 'use_bdlora', 'arrow_config'],
  ...['kasa_config', 'monteclora_config', 'velora_config'],
]

/** Initialisations that leave the base weights as they are; others (PiSSA, OLoRA, …) change them on loading. */
const supportedInits: unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal']

/**
 * Reads `adapter_config.json`. Unknown keys are ignored; a known one that would change the numbers and is not
 * supported is a `PeftAdapterError`. `targetModules` is null where the file has a pattern, or narrows its list down.
 */
export function parsePeftConfig(
  json: string,
  name: string,
): Omit<PeftConfig, 'targetModules'> & { targetModules: readonly string[] | null } {
  let config: Record<string, unknown>
  try {
    config = JSON.parse(json)
  } catch (cause) {
    throw new PeftAdapterError(`${name}: the file is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new PeftAdapterError(`${name}: the file is not a JSON object`)

  const refuse = (key: string, wanted: string) =>
    new PeftAdapterError(
      `${name}: ${key} is ${JSON.stringify(config[key]) ?? 'missing'}, wanted is ${wanted}`,
    )
  if (config.peft_type !== 'LORA') throw refuse('peft_type', '"LORA"')
  for (const key of unsupported)
    if (!isEmpty(config[key]))
      throw new PeftAdapterError(
        `${name}: ${key} is ${JSON.stringify(config[key])}, which is not supported; only LoRA and DoRA are`,
      )
  if ((config.bias ?? 'none') !== 'none') throw refuse('bias', '"none"')
  if (!supportedInits.includes(config.init_lora_weights))
    throw refuse(
      'init_lora_weights',
      'one that leaves the base weights alone; convert the adapter to plain LoRA',
    )

  const { r = 8, lora_alpha: loraAlpha = 8, lora_dropout: loraDropout = 0, target_modules: targets } = config
  const { use_rslora: useRslora = false, use_dora: useDora = false } = config
  if (!Number.isSafeInteger(r) || (r as number) < 1) throw refuse('r', 'a whole number of at least 1')
  if (typeof loraAlpha !== 'number' || !Number.isFinite(loraAlpha)) throw refuse('lora_alpha', 'a number')
  if (typeof useRslora !== 'boolean') throw refuse('use_rslora', 'true or false')
  if (typeof useDora !== 'boolean') throw refuse('use_dora', 'true or false')
  if (typeof loraDropout !== 'number' || !(loraDropout >= 0 && loraDropout < 1))
    throw refuse('lora_dropout', 'a number from 0 to below 1')
  const pattern = (key: string, check: (value: unknown) => boolean, wanted: string) => {
    const value: unknown = config[key] ?? {}
    // PEFT takes keys as patterns of Python; those that say no more than a name are the same here.
    const fits = ([name, item]: [string, unknown]) => /^\^?[\w-]+(\.[\w-]+)*$/.test(name) && check(item)
    if (typeof value !== 'object' || Array.isArray(value) || !Object.entries(value as object).every(fits))
      throw refuse(key, `an object from the names of modules to ${wanted}`)
    return value as Record<string, number>
  }
  const isRank = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1
  const rankPattern = pattern('rank_pattern', isRank, 'whole numbers of at least 1')
  const alphaPattern = pattern('alpha_pattern', Number.isFinite, 'numbers')
  const isPattern = typeof targets === 'string'
  const isList =
    Array.isArray(targets) && targets.length > 0 && targets.every(item => typeof item === 'string')
  if (!isPattern && !isList) throw refuse('target_modules', 'a list of module names')
  const base = config.base_model_name_or_path
  return {
    r: r as number,
    loraAlpha,
    useRslora,
    useDora,
    loraDropout,
    rankPattern,
    alphaPattern,
    targetModules: isPattern || narrowing.some(key => !isEmpty(config[key])) ? null : targets,
    baseModel: typeof base === 'string' && base !== '' ? base : null,
  }
}

/** `adapter_config.json`, with the keys that every version of PEFT knows, sorted. */
export function peftConfigJson(config: PeftConfig): string {
  const { r, loraAlpha, loraDropout, targetModules, useRslora, useDora, baseModel } = config
  const keys = {
    alpha_pattern: config.alphaPattern,
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: loraAlpha,
    lora_dropout: loraDropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r,
    rank_pattern: config.rankPattern,
    revision: null,
    target_modules: [...targetModules].sort(),
    task_type: 'CAUSAL_LM',
    // Younger than the other keys: older versions refuse what they do not know, and could not compute it.
    ...(useDora ? { use_dora: true } : {}),
    use_rslora: useRslora,
  }
  return `${JSON.stringify(keys, null, 2)}\n`
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
