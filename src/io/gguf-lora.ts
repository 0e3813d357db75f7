import { type GgufTensor, writeGguf } from './gguf-file'
import type { PeftAdapter } from './peft-adapter'
import { alphaOf } from './peft-config'
import type { TensorData } from './safetensors'

/** An adapter that llama.cpp cannot apply, or a model that it does not know. */
export class GgufError extends Error {
  override name = 'GgufError'
}

/** What is asked of a model's config.json. */
interface Heads {
  readonly heads: number
  readonly kvHeads: number
}

interface GgufArchitecture {
  /** `general.architecture` */
  readonly name: string
  /** The end of a module's path, after its layer's number, to the name of its tensor. */
  readonly modules: Readonly<Record<string, string>>
  /** Where output o of a tensor is found in the model of transformers, of O; none for the same place. */
  readonly source?: (tensor: string, o: number, O: number, model: Heads) => number
}

const gated = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
}

/** llama.cpp rotates neighbours in Llama's heads, transformers the halves of a head. */
function neighbours(tensor: string, o: number, O: number, { heads, kvHeads }: Heads): number {
  if (tensor !== 'attn_q' && tensor !== 'attn_k') return o
  const D = O / (tensor === 'attn_q' ? heads : kvHeads)
  const place = o % D
  return o - place + (place % 2) * (D / 2) + Math.floor(place / 2)
}

/** GPT-NeoX has query, key and value of each head together; llama.cpp all queries, all keys, all values. */
function ungrouped(tensor: string, o: number, O: number, { heads }: Heads): number {
  if (tensor !== 'attn_qkv') return o
  const D = O / 3 / heads
  const [part, head, place] = [Math.floor(o / (heads * D)), Math.floor(o / D) % heads, o % D]
  return (head * 3 + part) * D + place
}

const llama: GgufArchitecture = { name: 'llama', modules: gated, source: neighbours }

/** By `model_type`. Names are those of llama.cpp's gguf-py/gguf/tensor_mapping.py. */
const architectures: Readonly<Record<string, GgufArchitecture>> = {
  llama,
  mistral: llama,
  qwen2: { name: 'qwen2', modules: gated },
  qwen3: { name: 'qwen3', modules: gated },
  gemma3_text: { name: 'gemma3', modules: gated },
  gpt2: {
    name: 'gpt2',
    modules: {
      'attn.c_attn': 'attn_qkv',
      'attn.c_proj': 'attn_output',
      'mlp.c_fc': 'ffn_up',
      'mlp.c_proj': 'ffn_down',
    },
  },
  gpt_neox: {
    name: 'gptneox',
    modules: {
      'attention.query_key_value': 'attn_qkv',
      'attention.dense': 'attn_output',
      'mlp.dense_h_to_4h': 'ffn_up',
      'mlp.dense_4h_to_h': 'ffn_down',
    },
    source: ungrouped,
  },
}

/**
 * An adapter as a GGUF file for llama.cpp's `--lora`, in f32. llama.cpp scales by one alpha over each tensor's rank:
 * where scales ask for another, B is multiplied by the rest.
 *
 * @param config the text of the base model's config.json
 * @throws {GgufError} for DoRA, which llama.cpp does not have, for an architecture or a module that it has no name for
 *   here, and for a config.json without the number of heads
 */
export function ggufLora({ config: peft, tensors }: PeftAdapter, config: string): Uint8Array<ArrayBuffer> {
  if (peft.useDora) {
    throw new GgufError(
      'llama.cpp applies no DoRA. Export the model with the adapter merged into its weights',
    )
  }
  const json = parsed(config)
  const type = String(json.model_type)
  const architecture = Object.hasOwn(architectures, type) ? architectures[type] : undefined
  if (!architecture) {
    const known = Object.keys(architectures).join(', ')
    throw new GgufError(`config.json: model_type is ${type}, adapters are written for ${known}`)
  }
  const { name, source } = architecture
  const model = source ? headsOf(json) : null
  const modules = modulesOf(tensors)
  const alphas = modules.map(({ path }) => alphaOf(peft, path))
  // Zero says to llama.cpp that there is none, and the scale is one.
  const alpha = alphas.find(value => value !== 0) ?? 1
  const written = modules.flatMap(({ path, a, b }, i): readonly GgufTensor[] => {
    const tensor = tensorOf(architecture, path)
    const [O = 0, R = 0] = b.shape
    const rest = alphas[i]! / alpha
    const data = new Float32Array(b.data.length)
    const kind = tensor.slice(tensor.lastIndexOf('.') + 1)
    for (let o = 0; o < O; o++) {
      const from = source && model ? source(kind, o, O, model) : o
      for (let r = 0; r < R; r++) data[o * R + r] = b.data[from * R + r]! * rest
    }
    return [
      { name: `${tensor}.weight.lora_a`, shape: a.shape, data: a.data },
      { name: `${tensor}.weight.lora_b`, shape: b.shape, data },
    ]
  })
  return writeGguf(
    [
      ['general.architecture', { type: 'string', value: name }],
      ['general.type', { type: 'string', value: 'adapter' }],
      ['general.file_type', { type: 'u32', value: 0 }],
      ['adapter.type', { type: 'string', value: 'lora' }],
      ['adapter.lora.alpha', { type: 'f32', value: alpha }],
    ],
    written,
  )
}

function parsed(config: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(config) }
  } catch (cause) {
    throw new GgufError(`config.json is not JSON: ${(cause as Error).message}`, { cause })
  }
}

function headsOf(json: Readonly<Record<string, unknown>>): Heads {
  const count = (key: string, otherwise?: number) => {
    const value = json[key] ?? otherwise
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
    throw new GgufError(`config.json: ${key} is ${JSON.stringify(value)}, expected a positive integer`)
  }
  const heads = count('num_attention_heads')
  return { heads, kvHeads: count('num_key_value_heads', heads) }
}

interface Module {
  readonly path: string
  readonly a: TensorData
  readonly b: TensorData
}

/** The adapter's modules, in the order of its tensors. */
function modulesOf(tensors: PeftAdapter['tensors']): readonly Module[] {
  const paths = [...tensors.keys()].map(key => /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(key)?.[1])
  return paths.flatMap(path => {
    if (path === undefined) return []
    const part = (side: string) => tensors.get(`base_model.model.${path}.lora_${side}.weight`)
    const [a, b] = [part('A'), part('B')]
    if (!a || !b) throw new GgufError(`the adapter has no lora_B for ${path}`)
    return [{ path, a, b }]
  })
}

function tensorOf({ name, modules }: GgufArchitecture, path: string): string {
  const match = /^(?:model\.layers|transformer\.h|gpt_neox\.layers)\.(\d+)\.(.+)$/.exec(path)
  const tensor = match && Object.hasOwn(modules, match[2]!) ? modules[match[2]!] : undefined
  if (match && tensor) return `blk.${match[1]}.${tensor}`
  throw new GgufError(`${path} has no name in llama.cpp's ${name}: train an adapter on other layers`)
}
