import type { Config } from './config'

/**
 * Which layers see only a window, in Qwen's configs: `layer_types`, or in older files the layers from
 * `max_window_layers` on where `use_sliding_window` is true.
 *
 * @returns the window in tokens, and whether layer l has it
 */
export function layerWindows(
  config: Config,
  layers: number,
): { readonly window: number; readonly has: (l: number) => boolean } | null {
  if (!config.boolean('use_sliding_window', false) || config.json.sliding_window == null) return null
  const window = config.integer('sliding_window')
  const types = layerTypes(config, layers)
  if (types) return { window, has: l => types[l] === 'sliding_attention' }
  const { max_window_layers: from } = config.json
  if (typeof from !== 'number' || !Number.isInteger(from) || from < 0) {
    throw config.refuse('max_window_layers', 'expected a number of layers')
  }
  return { window, has: l => l >= from }
}

/** `layer_types`: one for each layer, `full_attention` or `sliding_attention`; null where the file has none. */
export function layerTypes(config: Config, layers: number): readonly string[] | null {
  const types = config.texts('layer_types')
  if (types === null) return null
  const known = types.every(type => type === 'full_attention' || type === 'sliding_attention')
  if (!known) throw config.refuse('layer_types', 'expected full_attention or sliding_attention')
  if (types.length !== layers) throw config.refuse('layer_types', `expected one for each of ${layers} layers`)
  return types
}
