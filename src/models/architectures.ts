import type { Architecture } from './architecture'
import { gemma3 } from './gemma3'
import { gptNeox } from './gpt-neox'
import { gpt2 } from './gpt2'
import { llama } from './llama'
import { mistral } from './mistral'
import { qwen2 } from './qwen2'
import { qwen3 } from './qwen3'

/** The causal models that can be loaded. */
export const architectures: readonly Architecture[] = [llama, mistral, qwen2, qwen3, gpt2, gptNeox, gemma3]
