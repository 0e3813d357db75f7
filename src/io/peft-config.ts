/** How a LoRA adapter is scaled and where it goes: y += scale · B(A(x)), scale = α/r, or α/√r with `useRslora`. */
export interface PeftConfig {
  r: number
  loraAlpha: number
  /** The last parts of the names of the modules that have the adapter: `q_proj`, or `mlp.up_proj`. */
  targetModules: readonly string[]
  useRslora: boolean
  /** What the adapter was trained on, as its maker called it. */
  baseModel: string | null
}

/** An adapter that is broken, or that asks for more than plain LoRA on linear layers. */
export class PeftAdapterError extends Error {
  override name = 'PeftAdapterError'
}

/** Keys that change what the adapter computes, beyond plain LoRA, unless they are null, false or empty. */
const unsupported = [
  ...['use_dora', 'lora_bias', 'rank_pattern', 'alpha_pattern', 'modules_to_save'],
  ...['layers_to_transform', 'layers_pattern', 'layer_replication', 'target_parameters', 'megatron_config'],
  ...['trainable_token_indices', 'alora_invocation_tokens', 'use_qalora', 'use_bdlora', 'arrow_config'],
  ...['kasa_config', 'monteclora_config', 'velora_config'],
]

/** Initialisations that leave the base weights as they are; others (PiSSA, OLoRA, …) change them on loading. */
const supportedInits: unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal']

/**
 * Reads `adapter_config.json`. Unknown keys are ignored; a known one that would change the numbers and is not
 * supported is a `PeftAdapterError`. `targetModules` is null where the file has a pattern instead of a list.
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
        `${name}: ${key} is ${JSON.stringify(config[key])}, which is not supported; only plain LoRA is`,
      )
  if ((config.bias ?? 'none') !== 'none') throw refuse('bias', '"none"')
  if (!supportedInits.includes(config.init_lora_weights))
    throw refuse(
      'init_lora_weights',
      'one that leaves the base weights alone; convert the adapter to plain LoRA',
    )

  const { r = 8, lora_alpha: loraAlpha = 8, use_rslora: useRslora = false, target_modules: targets } = config
  if (!Number.isSafeInteger(r) || (r as number) < 1) throw refuse('r', 'a whole number of at least 1')
  if (typeof loraAlpha !== 'number' || !Number.isFinite(loraAlpha)) throw refuse('lora_alpha', 'a number')
  if (typeof useRslora !== 'boolean') throw refuse('use_rslora', 'true or false')
  const isPattern = typeof targets === 'string'
  const isList =
    Array.isArray(targets) && targets.length > 0 && targets.every(item => typeof item === 'string')
  if (!isPattern && !isList) throw refuse('target_modules', 'a list of module names')
  const base = config.base_model_name_or_path
  return {
    r: r as number,
    loraAlpha,
    useRslora,
    targetModules: isPattern ? null : targets,
    baseModel: typeof base === 'string' && base !== '' ? base : null,
  }
}

/** `adapter_config.json`, with the keys that every version of PEFT knows, sorted. */
export function peftConfigJson(config: PeftConfig): string {
  const { r, loraAlpha, targetModules, useRslora, baseModel } = config
  const keys = {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: loraAlpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r,
    rank_pattern: {},
    revision: null,
    target_modules: [...targetModules].sort(),
    task_type: 'CAUSAL_LM',
    use_rslora: useRslora,
  }
  return `${JSON.stringify(keys, null, 2)}\n`
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
