import { type OnnxConstant, type OnnxNode, onnxModel } from '../peers/onnx-model'
import { ExternalWeights, transposed } from './external-weights'
import { type LlamaShape, NORM_EPS, ROPE_THETA } from './llama'
import type { HostWeights } from './random-weights'

/** What comes out: logits of all tokens, or the log-probs of what is told to follow them. */
export type LlamaOutput = 'logits' | 'log-probs'

const FILE = 'model.onnx_data'

/**
 * A Llama in ONNX, with the operators of the Hub's exports for browsers: rotary attention of grouped heads and norms of
 * one operator each. input_ids [B, T], last [B] (places of the last tokens), total [] (T), and for log-probs
 * targets [B, T, 1] → logits [B, T, V], or log_probs [B, T, 1].
 */
export function llamaGraph(shape: LlamaShape, weights: HostWeights, output: LlamaOutput) {
  const { hidden: C, heads, kvHeads, layers, context, vocabulary } = shape
  const half = C / heads / 2
  const nodes: OnnxNode[] = []
  const constants: OnnxConstant[] = []
  const held = new ExternalWeights(FILE)
  const weight = (name: string) => weights.get(`${name}.weight`)!
  let count = 0

  const add = (op: string, inputs: readonly string[], options: Partial<OnnxNode> = {}): string => {
    const outputs = options.outputs ?? [`t${count++}`]
    nodes.push({ op, inputs, ...options, outputs })
    return outputs[0]!
  }
  const linear = (x: string, path: string) => add('MatMul', [x, held.add(path, transposed(weight(path)))])
  const norm = (x: string, path: string) =>
    add('SimplifiedLayerNormalization', [x, held.add(path, weight(path))], {
      attributes: { axis: 2, epsilon: { float: NORM_EPS } },
    })
  const angles = (name: string, of: (angle: number) => number) => {
    const data = Float32Array.from({ length: context * half }, (_, i) =>
      of(Math.floor(i / half) * ROPE_THETA ** (-(i % half) / half)),
    )
    return held.add(name, { shape: [context, half], data })
  }
  const [cos, sin] = [angles('cos', Math.cos), angles('sin', Math.sin)]

  const table = 'model.embed_tokens'
  const rows = held.add(table, weight(table))
  let x = add('Gather', [rows, 'input_ids'])
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}`
    const h = norm(x, `${at}.input_layernorm`)
    const parts = ['q', 'k', 'v'].map(part => linear(h, `${at}.self_attn.${part}_proj`))
    const mixed = add('GroupQueryAttention', [...parts, '', '', 'last', 'total', cos, sin], {
      domain: 'com.microsoft',
      outputs: [`${at}.mixed`, `${at}.keys`, `${at}.values`],
      attributes: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 },
    })
    const between = add('Add', [x, linear(mixed, `${at}.self_attn.o_proj`)])
    const m = norm(between, `${at}.post_attention_layernorm`)
    const gate = linear(m, `${at}.mlp.gate_proj`)
    const gated = add('Mul', [add('Mul', [gate, add('Sigmoid', [gate])]), linear(m, `${at}.mlp.up_proj`)])
    x = add('Add', [between, linear(gated, `${at}.mlp.down_proj`)])
  }
  const final = norm(x, 'model.norm')
  const head = held.add('head', transposed(weight(shape.tied ? table : 'lm_head')))
  const isLogits = output === 'logits'
  const logits = add('MatMul', [final, head], isLogits ? { outputs: ['logits'] } : {})
  if (!isLogits) {
    const all = add('LogSoftmax', [logits], { attributes: { axis: 2 } })
    add('GatherElements', [all, 'targets'], { outputs: ['log_probs'], attributes: { axis: 2 } })
  }
  const graph = onnxModel(
    nodes,
    [
      { name: 'input_ids', shape: ['B', 'T'], type: 'int64' },
      { name: 'last', shape: ['B'], type: 'int32' },
      { name: 'total', shape: [], type: 'int32' },
      ...(isLogits ? [] : [{ name: 'targets', shape: ['B', 'T', 1], type: 'int64' as const }]),
    ],
    [
      isLogits
        ? { name: 'logits', shape: ['B', 'T', vocabulary] }
        : { name: 'log_probs', shape: ['B', 'T', 1] },
    ],
    { constants, externals: held.externals, opset: 17 },
  )
  return { graph, data: held.bytes(), file: FILE }
}
