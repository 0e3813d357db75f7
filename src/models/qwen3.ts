import type { Architecture } from './architecture'
import { gatedDecoder, readGatedDecoder } from './gated-decoder'
import { qwenDefaults, windowed } from './qwen2'

/** Qwen3, https://arxiv.org/abs/2505.09388: Llama whose queries and keys are normalized head by head. */
export const qwen3: Architecture = {
  modelType: 'qwen3',
  blueprint(config) {
    config.only('hidden_act', undefined, 'silu')
    const attention = config.boolean('attention_bias', false)
    const own = config.with({ ...qwenDefaults, head_dim: 128, ...config.json })
    return gatedDecoder({
      ...windowed(own, readGatedDecoder(own, 'qwen3')),
      biases: { qkv: attention, output: attention, mlp: false },
      headNorms: true,
    })
  },
}
