import type { OnnxConstant, OnnxNode } from '../peers/onnx-model'
import { onnxModel } from '../peers/onnx-model'
import { ExternalWeights, transposed } from './external-weights'
import type { HostWeights } from './random-weights'

export interface BertShape {
  readonly vocabulary: number
  readonly hidden: number
  readonly intermediate: number
  readonly layers: number
  readonly heads: number
  readonly positions: number
}

export const NORM_EPS = 1e-12

/**
 * How a BERT is written down: of ONNX's own operators, as PyTorch exports it; with those that ONNX Runtime's optimizer puts
 * in the place of norms of sums and of GELU; or with attention as one operator too.
 */
export const BERT_GRAPHS = ['exported', 'fused', 'fused-attention'] as const
export type BertGraph = (typeof BERT_GRAPHS)[number]

const FILE = 'model.onnx_data'
/** Added to what no token may see; more would not be finite in half precision. */
const HIDDEN = -1e4

/** A BERT in ONNX: input_ids, attention_mask, token_type_ids [B, T] → last_hidden_state [B, T, C]. */
export function bertGraph(shape: BertShape, weights: HostWeights, way: BertGraph) {
  const { hidden: C, heads, layers, positions } = shape
  const nodes: OnnxNode[] = []
  const constants: OnnxConstant[] = []
  const held = new ExternalWeights(FILE)
  const weight = (name: string) => weights.get(`bert.${name}`)!
  let count = 0

  const add = (op: string, inputs: readonly string[], options: Partial<OnnxNode> = {}): string => {
    const outputs = options.outputs ?? [`t${count++}`]
    nodes.push({ op, inputs, ...options, outputs })
    return outputs[0]!
  }
  const own = (op: string, inputs: readonly string[], options: Partial<OnnxNode> = {}) =>
    add(op, inputs, { ...options, domain: 'com.microsoft' })
  const constant = (type: OnnxConstant['type'], values: readonly number[], axes?: readonly number[]) => {
    const name = `c${count++}`
    constants.push({ name, type, values, shape: axes ?? [values.length] })
    return name
  }
  const scalar = (value: number) => constant('float32', [value], [])
  const vector = (name: string) => held.add(name, weight(name))
  const linear = (x: string, path: string) => add('Add', [product(x, path), vector(`${path}.bias`)])
  const product = (x: string, path: string) =>
    add('MatMul', [x, held.add(`${path}.weight`, transposed(weight(`${path}.weight`)))])
  const epsilon = { epsilon: { float: NORM_EPS } }

  /** The norm of a sum. */
  function normOfSum(x: string, y: string, path: string, outputs?: readonly string[]): string {
    const parameters = [vector(`${path}.LayerNorm.weight`), vector(`${path}.LayerNorm.bias`)]
    const named = outputs ? { outputs } : {}
    if (way !== 'exported')
      return own('SkipLayerNormalization', [x, y, ...parameters], { attributes: epsilon, ...named })
    const attributes = { axis: 2, ...epsilon }
    return add('LayerNormalization', [add('Add', [x, y]), ...parameters], { attributes, ...named })
  }

  /** x [B, T, C] → [B, H, T, D], or with `turned` [B, H, D, T]. */
  function split(x: string, turned = false): string {
    const parts = add('Reshape', [x, constant('int64', [0, 0, heads, C / heads])])
    return add('Transpose', [parts], { attributes: { perm: turned ? [0, 2, 3, 1] : [0, 2, 1, 3] } })
  }

  function attention(x: string, path: string, bias: string): string {
    const [q, k, v] = ['query', 'key', 'value'].map(part => linear(x, `${path}.self.${part}`)) as [
      string,
      string,
      string,
    ]
    if (way === 'fused-attention')
      return own('MultiHeadAttention', [q, k, v, '', '', bias], { attributes: { num_heads: heads } })
    const scores = add('MatMul', [split(q), split(k, true)])
    const scaled = add('Mul', [scores, scalar(1 / Math.sqrt(C / heads))])
    const shares = add('Softmax', [add('Add', [scaled, bias])], { attributes: { axis: 3 } })
    const mixed = add('Transpose', [add('MatMul', [shares, split(v)])], {
      attributes: { perm: [0, 2, 1, 3] },
    })
    return add('Reshape', [mixed, constant('int64', [0, 0, C])])
  }

  function gelu(x: string, path: string): string {
    if (way !== 'exported') return own('BiasGelu', [product(x, path), vector(`${path}.bias`)])
    const y = linear(x, path)
    const error = add('Erf', [add('Div', [y, scalar(Math.SQRT2)])])
    return add('Mul', [add('Mul', [y, add('Add', [error, scalar(1)])]), scalar(0.5)])
  }

  const mask = add('Cast', ['attention_mask'], { attributes: { to: 1 } })
  const unseen = add('Mul', [add('Sub', [scalar(1), mask]), scalar(HIDDEN)])
  const columns = add('Unsqueeze', [unseen, constant('int64', [1, 2])])
  // The one operator wants a value for each pair of tokens.
  const rows = add('Unsqueeze', [add('Mul', [mask, scalar(0)]), constant('int64', [1, 3])])
  const bias = add('Add', [columns, rows])

  const T = add('Slice', [add('Shape', ['input_ids']), constant('int64', [1]), constant('int64', [2])])
  const all = constant('int64', [...Array(positions).keys()], [1, positions])
  const places = add('Slice', [all, constant('int64', [0]), T, constant('int64', [1])])
  const table = (name: string, ids: string) =>
    add('Gather', [vector(`embeddings.${name}_embeddings.weight`), ids])
  const words = add('Add', [table('word', 'input_ids'), table('token_type', 'token_type_ids')])
  let x = normOfSum(words, table('position', places), 'embeddings')
  for (let l = 0; l < layers; l++) {
    const at = `encoder.layer.${l}`
    const mixed = linear(attention(x, `${at}.attention`, bias), `${at}.attention.output.dense`)
    const between = normOfSum(x, mixed, `${at}.attention.output`)
    const thought = linear(gelu(between, `${at}.intermediate.dense`), `${at}.output.dense`)
    x = normOfSum(between, thought, `${at}.output`, l === layers - 1 ? ['last_hidden_state'] : undefined)
  }
  const ids = ['input_ids', 'attention_mask', 'token_type_ids']
  const graph = onnxModel(
    nodes,
    ids.map(name => ({ name, shape: ['B', 'T'], type: 'int64' as const })),
    [{ name: 'last_hidden_state', shape: ['B', 'T', C] }],
    { constants, externals: held.externals, opset: 17 },
  )
  return { graph: graph as Uint8Array<ArrayBuffer>, data: held.bytes(), file: FILE }
}
