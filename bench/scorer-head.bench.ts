import { scoreHead } from '../src/ops/score-head'
import { Tape } from '../src/ops/tape'
import type { Case } from './harness/contest'
import { type Operator, operatorSubject } from './harness/operator'
import { ours } from './harness/ours'
import { normals } from './harness/reference'
import type { OnnxGraph } from './peers/onnxruntime-library'

const defaults = {
  /** Prompts, of each the last token. */
  rows: 4096,
  columns: 576,
  vocabulary: 4096,
}

/** Deita's scores are the tokens of 1 to 6. */
const SCORES = 6

interface Scorer extends Case {
  readonly N: number
}

function scorer(N: number, C: number, V: number): Scorer {
  return {
    N,
    title: `${N}×${C}, ${SCORES} of ${V}`,
    flops: 0,
    bytes: 4 * N * C,
    inputs: random => ({
      h: normals(random, [N, C]),
      w: normals(random, [V, C], 1 / Math.sqrt(C)),
      ids: { shape: [SCORES], data: random.permutation(V).slice(0, SCORES) },
    }),
    expected(inputs) {
      const [h, w] = ['h', 'w'].map(name => inputs[name]!.data)
      const ids = inputs.ids!.data
      return {
        y([n = 0]) {
          const logits = Array.from(ids, id => {
            let sum = 0
            for (let c = 0; c < C; c++) sum += h![n * C + c]! * w![id * C + c]!
            return Math.exp(sum)
          })
          const total = logits.reduce((a, b) => a + b)
          return { value: logits.reduce((sum, p, k) => sum + ((k + 1) * p) / total, 0), allowed: 2e-5 }
        },
      }
    },
  }
}

const graph = (N: number, logits: 'Gemm' | 'MatMul'): OnnxGraph => ({
  nodes: [
    { op: 'Gather', inputs: ['w', 'ids'], outputs: ['rows'], attributes: { axis: 0 } },
    ...(logits === 'Gemm'
      ? [{ op: 'Gemm', inputs: ['h', 'rows'], outputs: ['logits'], attributes: { transB: 1 } }]
      : [
          { op: 'Transpose', inputs: ['rows'], outputs: ['columns'], attributes: { perm: [1, 0] } },
          { op: 'MatMul', inputs: ['h', 'columns'], outputs: ['logits'] },
        ]),
    { op: 'Softmax', inputs: ['logits'], outputs: ['p'], attributes: { axis: 1 } },
    { op: 'MatMul', inputs: ['p', 'scores'], outputs: ['y'] },
  ],
  constants: [
    {
      name: 'scores',
      type: 'float32',
      shape: [SCORES, 1],
      values: Array.from({ length: SCORES }, (_, k) => k + 1),
    },
  ],
  shapes: { y: [N, 1] },
  outputs: { y: [N] },
})

const scorers: Operator<typeof defaults, Scorer> = {
  name: 'scorer-head',
  what: 'the expected score over the tokens of 1 to 6 from hidden states, without the vocabulary',
  defaults,
  cases: ({ rows, columns, vocabulary }) => [scorer(rows, columns, vocabulary)],
  ours: gpu =>
    ours(gpu, ({ h, w, ids }) => {
      const tape = new Tape(gpu, { grad: false })
      return { y: tape.release(scoreHead(tape, h!, w!, ids!)) }
    }),
  tfjs: () => ({
    'gather, matMul, softmax, sum': (tf, { h, w, ids }) => {
      const p = tf.softmax(tf.matMul(h!, tf.gather(w!, tf.cast(ids!, 'int32')), false, true))
      return { y: tf.reshape(tf.matMul(p, tf.tensor2d([1, 2, 3, 4, 5, 6], [SCORES, 1])), [-1]) }
    },
  }),
  jax: () => ({
    'take, matmul, softmax, sum': ({ numpy: np, nn }, { h, w, ids }) => {
      const p = nn.softmax(np.matmul(h!, np.transpose(np.take(w!, ids!, 0))), 1)
      return { y: np.sum(p.mul(np.array([1, 2, 3, 4, 5, 6])), 1) }
    },
  }),
  onnx: ({ N }) => ({
    'Gather, Gemm, Softmax, MatMul': graph(N, 'Gemm'),
    'Gather, MatMul, Softmax, MatMul': graph(N, 'MatMul'),
  }),
  torch: () => ({ op: 'scorer-head' }),
}

export const scorerHeadBench = operatorSubject(scorers)
