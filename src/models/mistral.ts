import type { Architecture } from './architecture'
import { gatedDecoder, readGatedDecoder } from './gated-decoder'

/** Mistral, https://arxiv.org/abs/2310.06825: Llama whose tokens see only a window of those before them. */
export const mistral: Architecture = {
  modelType: 'mistral',
  blueprint(config) {
    config.only('hidden_act', undefined, 'silu')
    const base = readGatedDecoder(config, 'mistral')
    const { sliding_window: window = 4096 } = config.json
    const rope = base.kinds[0]!.rope
    return gatedDecoder({
      ...base,
      kinds: [{ window: window === null ? null : config.integer('sliding_window', 4096), rope }],
    })
  },
}
