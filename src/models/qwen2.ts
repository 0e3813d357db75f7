import type { Architecture } from './architecture'
import type { Config } from './config'
import { type GatedDecoderConfig, gatedDecoder, readGatedDecoder } from './gated-decoder'
import { layerWindows } from './layer-windows'

/** Qwen2 and Qwen2.5, https://arxiv.org/abs/2412.15115: Llama with biases on queries, keys and values. */
export const qwen2: Architecture = {
  modelType: 'qwen2',
  blueprint(config) {
    config.only('hidden_act', undefined, 'silu')
    const own = config.with({ ...qwenDefaults, ...config.json })
    const base = windowed(own, readGatedDecoder(own, 'qwen2'))
    return gatedDecoder({ ...base, biases: { qkv: true, output: false, mlp: false } })
  },
}

/** What transformers takes where a config of Qwen2 or Qwen3 is silent. */
export const qwenDefaults = {
  num_key_value_heads: 32,
  max_position_embeddings: 32768,
  sliding_window: 4096,
  max_window_layers: 28,
} as const

/** With the window that some of Qwen's layers have. */
export function windowed(config: Config, base: GatedDecoderConfig): GatedDecoderConfig {
  const windows = layerWindows(config, base.layers)
  if (!windows) return base
  const { rope } = base.kinds[0]!
  return {
    ...base,
    kinds: [
      { window: null, rope },
      { window: windows.window, rope },
    ],
    kindOf: l => (windows.has(l) ? 1 : 0),
  }
}
