import type { Architecture } from './architecture'
import { gatedDecoder, readGatedDecoder } from './gated-decoder'

/**
 * Llama, https://arxiv.org/abs/2302.13971: pre-norm layers of rotary grouped attention and SwiGLU. Also SmolLM,
 * TinyLlama, CT-LLM, and Llama 3 with its scaled rotary positions.
 */
export const llama: Architecture = {
  modelType: 'llama',
  blueprint(config) {
    config.only('hidden_act', undefined, 'silu')
    const attention = config.boolean('attention_bias', false)
    const biases = { qkv: attention, output: attention, mlp: config.boolean('mlp_bias', false) }
    return gatedDecoder({ ...readGatedDecoder(config, 'llama'), biases })
  },
}
