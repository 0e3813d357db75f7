import type { Architecture } from './architecture'
import { gatedDecoder, readGatedDecoder } from './gated-decoder'

/** Mistral, https://arxiv.org/abs/2310.06825: Llama whose tokens see only a window of those before them. */
export const mistral: Architecture = {
  modelType: 'mistral',
  blueprint(config) {
    config.only('hidden_act', undefined, 'silu')
    const own = config.with({
      num_key_value_heads: 8,
      max_position_embeddings: 131072,
      sliding_window: 4096,
      ...config.json,
    })
    const base = readGatedDecoder(own, 'mistral')
    // A window of null is none.
    const window = own.json.sliding_window === null ? null : own.integer('sliding_window')
    return gatedDecoder({ ...base, kinds: [{ window, rope: base.kinds[0]!.rope }] })
  },
}
