import type { Ways } from '../harness/operator'
import type { OnnxConstant, OnnxNode } from './onnx-model'
import type { OnnxGraph } from './onnxruntime-library'

/** Causal attention of one sequence, q [T, H, D], k and v [T, G, D], as ONNX Runtime can be asked for it. */
export function attentionGraphs(T: number, H: number, G: number, D: number): Ways<OnnxGraph> {
  const joined = { q: [1, T, H * D], k: [1, T, G * D], v: [1, T, G * D], y: [1, T, H * D] }
  const grouped: OnnxGraph = {
    nodes: [
      {
        op: 'GroupQueryAttention',
        domain: 'com.microsoft',
        inputs: ['q', 'k', 'v', '', '', 'last', 'total'],
        outputs: ['y', 'keys', 'values'],
        attributes: { num_heads: H, kv_num_heads: G },
      },
    ],
    constants: [
      { name: 'last', type: 'int32', shape: [1], values: [T - 1] },
      { name: 'total', type: 'int32', shape: [], values: [T] },
    ],
    shapes: joined,
    outputs: { y: [T, H, D] },
  }
  if (G !== H) return { GroupQueryAttention: grouped }
  const hidden = Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0))
  const mask: OnnxConstant = { name: 'mask', type: 'float32', shape: [1, 1, T, T], values: hidden }
  const biased: OnnxGraph = {
    nodes: [
      {
        op: 'MultiHeadAttention',
        domain: 'com.microsoft',
        inputs: ['q', 'k', 'v', '', '', 'mask'],
        outputs: ['y'],
        attributes: { num_heads: H },
      },
    ],
    constants: [mask],
    shapes: joined,
    outputs: { y: [T, H, D] },
  }
  const turned = (name: string, perm: readonly number[]): OnnxNode => ({
    op: 'Transpose',
    inputs: [name],
    outputs: [`${name}-turned`],
    attributes: { perm },
  })
  const separate: OnnxGraph = {
    nodes: [
      turned('q', [0, 2, 1, 3]),
      turned('k', [0, 2, 3, 1]),
      turned('v', [0, 2, 1, 3]),
      { op: 'MatMul', inputs: ['q-turned', 'k-turned'], outputs: ['products'] },
      { op: 'Mul', inputs: ['products', 'scale'], outputs: ['scores'] },
      { op: 'Add', inputs: ['scores', 'mask'], outputs: ['masked'] },
      { op: 'Softmax', inputs: ['masked'], outputs: ['weights'], attributes: { axis: 3 } },
      { op: 'MatMul', inputs: ['weights', 'v-turned'], outputs: ['heads'] },
      { op: 'Transpose', inputs: ['heads'], outputs: ['y'], attributes: { perm: [0, 2, 1, 3] } },
    ],
    constants: [{ name: 'scale', type: 'float32', shape: [], values: [1 / Math.sqrt(D)] }, mask],
    shapes: { q: [1, T, H, D], k: [1, T, H, D], v: [1, T, H, D], y: [1, T, H, D] },
    outputs: { y: [T, H, D] },
  }
  return {
    GroupQueryAttention: grouped,
    'MultiHeadAttention with a bias': biased,
    'MatMul, Softmax, MatMul': separate,
  }
}
