import { type OnnxConstant, type OnnxNode, onnxModel } from '../peers/onnx-model'
import { ExternalWeights, transposed } from './external-weights'
import { type LlamaShape, NORM_EPS, ROPE_THETA } from './llama'
import type { HostWeights } from './random-weights'

/** What comes out: logits of all tokens, or the log-probs of what is told to follow them. */
export type LlamaOutput = 'logits' | 'log-probs'

/** How attention is written down: as one operator, rotations included, or as products and a softmax. */
export type LlamaAttention = 'GroupQueryAttention' | 'MatMul, Softmax'

const FILE = 'model.onnx_data'
/** Added to what no token may see. */
const HIDDEN = -1e4
const FUSED_INPUTS = [
  { name: 'last', shape: ['B'], type: 'int32' },
  { name: 'total', shape: [], type: 'int32' },
] as const

/**
 * A Llama in ONNX, norms of one operator each, as the Hub's exports for browsers have them, and `GroupQueryAttention`. input_ids [B, T], for that operator last [B] (places of the last tokens) and total [] (T), for
 * log-probs targets [B, T, 1] → logits [B, T, V], or log_probs [B, T, 1].
 */
export function llamaGraph(
  shape: LlamaShape,
  weights: HostWeights,
  output: LlamaOutput,
  attention: LlamaAttention,
) {
  const { hidden: C, heads, kvHeads, layers, context, vocabulary } = shape
  const D = C / heads
  const half = D / 2
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
  const tables = [angles('cos', Math.cos), angles('sin', Math.sin)]
  const isFused = attention === 'GroupQueryAttention'
  const whole = (values: readonly number[]) => {
    const name = `c${count++}`
    constants.push({ name, type: 'int64', shape: [values.length], values })
    return name
  }
  // The first T rows of tables, and of the mask T columns too.
  const T = isFused ? '' : add('Slice', [add('Shape', ['input_ids']), whole([1]), whole([2])])
  const first = (x: string) => add('Slice', [x, whole([0]), T, whole([0])])
  const [cos, sin] = isFused ? ['', ''] : tables.map(first)
  const mask = () => {
    const data = Float32Array.from({ length: context ** 2 }, (_, i) =>
      i % context > Math.floor(i / context) ? HIDDEN : 0,
    )
    return add('Slice', [
      first(held.add('mask', { shape: [context, context], data })),
      whole([0]),
      T,
      whole([1]),
    ])
  }
  const hiddenKeys = isFused ? '' : mask()

  /** [B, T, H·D] → [B, H, T, D]. */
  const split = (x: string, H: number) =>
    add('Transpose', [add('Reshape', [x, whole([0, 0, H, D])])], { attributes: { perm: [0, 2, 1, 3] } })
  function rotated(x: string): string {
    const halves = [`t${count++}`, `t${count++}`]
    add('Split', [x], { outputs: halves, attributes: { axis: 3 } })
    const [a, b] = halves as [string, string]
    const times = (y: string, by: string) => add('Mul', [y, by])
    const turned = [
      add('Sub', [times(a, cos!), times(b, sin!)]),
      add('Add', [times(b, cos!), times(a, sin!)]),
    ]
    return add('Concat', turned, { attributes: { axis: 3 } })
  }
  /** [B, G, T, D] → [B, H, T, D]: each head of keys and values for those that share it. */
  function repeated(x: string): string {
    if (heads === kvHeads) return x
    const wide = add('Expand', [add('Unsqueeze', [x, whole([2])]), whole([1, 1, heads / kvHeads, 1, 1])])
    return add('Reshape', [wide, whole([0, heads, -1, D])])
  }
  function attend(q: string, k: string, v: string, at: string): string {
    if (isFused)
      return add('GroupQueryAttention', [q, k, v, '', '', 'last', 'total', ...tables], {
        domain: 'com.microsoft',
        outputs: [`${at}.mixed`, `${at}.keys`, `${at}.values`],
        attributes: { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1 },
      })
    const keys = add('Transpose', [repeated(rotated(split(k, kvHeads)))], {
      attributes: { perm: [0, 1, 3, 2] },
    })
    const products = add('MatMul', [rotated(split(q, heads)), keys])
    const scores = add('Add', [add('Mul', [products, 'scale']), hiddenKeys])
    const shares = add('Softmax', [scores], { attributes: { axis: 3 } })
    const mixed = add('MatMul', [shares, repeated(split(v, kvHeads))])
    const turned = add('Transpose', [mixed], { attributes: { perm: [0, 2, 1, 3] } })
    return add('Reshape', [turned, whole([0, 0, C])])
  }
  if (!isFused) constants.push({ name: 'scale', type: 'float32', shape: [], values: [1 / Math.sqrt(D)] })

  const table = 'model.embed_tokens'
  const rows = held.add(table, weight(table))
  let x = add('Gather', [rows, 'input_ids'])
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}`
    const h = norm(x, `${at}.input_layernorm`)
    const [q, k, v] = ['q', 'k', 'v'].map(part => linear(h, `${at}.self_attn.${part}_proj`))
    const mixed = attend(q!, k!, v!, at)
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
      ...(isFused ? FUSED_INPUTS : []),
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
