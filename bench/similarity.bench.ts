import type { Gpu } from '../src/gpu/gpu'
import { tensorRows } from '../src/similarity/row-source'
import { thresholdJoin } from '../src/similarity/threshold-join'
import { topK } from '../src/similarity/top-k'
import type { Arrays, Contender, Values } from './harness/contender'
import type { Case } from './harness/contest'
import { namesIn } from './harness/lists'
import { type Operator, operatorSubject } from './harness/operator'
import { type Tensors, tensorsOf } from './harness/ours'
import { normals } from './harness/reference'
import { ourVersion } from './harness/versions'
import type { OnnxGraph } from './peers/onnxruntime-library'
import { selectionRows } from './selection-rows'

const KINDS = ['join', 'top-k'] as const

const defaults = {
  /** Some of join: how many rows each row is like; top-k: the most similar rows of each query. Or all. */
  kinds: 'all',
  /** Rows that are compared with each other. */
  rows: 2048,
  threshold: 0.9,
  queries: 128,
  /** Rows that queries are compared with. */
  corpus: 8192,
  k: 10,
  dimensions: 384,
}

interface Similarity extends Case {
  readonly kind: (typeof KINDS)[number]
  readonly threshold: number
  readonly k: number
  /** Of the result. */
  readonly shape: readonly number[]
}

function dot(x: Float32Array, i: number, y: Float32Array, j: number, E: number): number {
  let sum = 0
  for (let e = 0; e < E; e++) sum += x[i * E + e]! * y[j * E + e]!
  return sum
}

function join({ rows: N, threshold, k, dimensions: E }: typeof defaults): Similarity {
  return {
    kind: 'join',
    threshold,
    k,
    shape: [N],
    title: `join ${N}×${E} > ${threshold}`,
    // A pair once.
    flops: N * N * E,
    bytes: 0,
    samples: 64,
    inputs(random) {
      const seed = Math.floor(2 ** 31 * random.uniform())
      const { values } = selectionRows({ count: N, dimensions: E, threshold, common: 0, seed })
      return { x: { shape: [N, E], data: values } }
    },
    expected(inputs) {
      const x = inputs.x!.data as Float32Array
      // No cosine of these rows is close to the threshold: a count is right or wrong.
      return {
        y([n = 0]) {
          let count = 0
          for (let m = 0; m < N; m++) if (m !== n && dot(x, n, x, m, E) > threshold) count++
          return { value: count, allowed: 0.5 }
        },
      }
    },
  }
}

function unitRows({ shape, data }: Values): Values {
  const [N = 0, E = 0] = shape
  const values = Float32Array.from(data)
  for (let n = 0; n < N; n++) {
    const length = Math.sqrt(dot(values, n, values, n, E))
    for (let e = 0; e < E; e++) values[n * E + e]! /= length
  }
  return { shape, data: values }
}

function search({ queries: Q, corpus: N, threshold, k, dimensions: E }: typeof defaults): Similarity {
  return {
    kind: 'top-k',
    threshold,
    k,
    shape: [Q, k],
    title: `top ${k} of ${Q}×${N}×${E}`,
    flops: 2 * Q * N * E,
    bytes: 0,
    samples: 32,
    inputs: random => ({ x: unitRows(normals(random, [Q, E])), c: unitRows(normals(random, [N, E])) }),
    expected(inputs) {
      const [x, c] = ['x', 'c'].map(name => inputs[name]!.data as Float32Array)
      const sorted = new Map<number, Float64Array>()
      return {
        y([q = 0, i = 0]) {
          const row =
            sorted.get(q) ??
            Float64Array.from({ length: N }, (_, n) => dot(x!, q, c!, n, E))
              .sort()
              .reverse()
          sorted.set(q, row)
          return { value: row[i]!, allowed: 5e-6 }
        },
      }
    },
  }
}

/** Ours reads what it has found as it goes, and decides on the host in double precision. */
function ours(gpu: Gpu, { kind, threshold, k, shape }: Similarity): Contender {
  let inputs: Tensors = {}
  let results: Arrays = {}
  const found: Readonly<Record<Similarity['kind'], () => Promise<Float32Array>>> = {
    async join() {
      const { from, to } = await thresholdJoin(gpu, tensorRows(inputs.x!), { threshold })
      const counts = new Float32Array(shape[0]!)
      for (const rows of [from, to]) for (const row of rows) counts[row]! += 1
      return counts
    },
    async 'top-k'() {
      const matches = await topK(gpu, tensorRows(inputs.x!), tensorRows(inputs.c!), k)
      return Float32Array.from(matches.flat(), ({ similarity }) => similarity)
    },
  }
  const dispose = () => {
    for (const tensor of Object.values(inputs)) tensor[Symbol.dispose]()
  }
  return {
    name: 'tabtune',
    version: ourVersion,
    adapter: gpu.adapterName,
    how: 'exact, with results on the host',
    load(arrays) {
      dispose()
      inputs = tensorsOf(gpu, arrays)
    },
    async run(times) {
      for (let n = 0; n < times; n++) results = { y: { shape, data: await found[kind]() } }
    },
    read: async () => results,
    close() {
      dispose()
      gpu.trim()
    },
  }
}

function graph({ kind, threshold, k, shape }: Similarity): OnnxGraph {
  const turned = (name: string) => ({
    op: 'Transpose',
    inputs: [name],
    outputs: ['columns'],
    attributes: { perm: [1, 0] },
  })
  const product = { op: 'MatMul', inputs: ['x', 'columns'], outputs: ['similarities'] }
  if (kind === 'top-k') {
    return {
      nodes: [
        turned('c'),
        product,
        { op: 'TopK', inputs: ['similarities', 'k'], outputs: ['y', 'places'], attributes: { axis: 1 } },
      ],
      constants: [{ name: 'k', type: 'int64', shape: [1], values: [k] }],
      outputs: { y: shape },
    }
  }
  return {
    nodes: [
      turned('x'),
      product,
      { op: 'Greater', inputs: ['similarities', 'threshold'], outputs: ['above'] },
      { op: 'Cast', inputs: ['above'], outputs: ['ones'], attributes: { to: 1 } },
      { op: 'ReduceSum', inputs: ['ones', 'last'], outputs: ['count'], attributes: { keepdims: 0 } },
      { op: 'Sub', inputs: ['count', 'itself'], outputs: ['y'] },
    ],
    constants: [
      { name: 'threshold', type: 'float32', shape: [], values: [threshold] },
      { name: 'last', type: 'int64', shape: [1], values: [1] },
      { name: 'itself', type: 'float32', shape: [], values: [1] },
    ],
    outputs: { y: shape },
  }
}

const similarities: Operator<typeof defaults, Similarity> = {
  name: 'similarity',
  what: 'rows above a threshold of cosine, and the most similar rows of queries',
  defaults,
  notes: () => [
    'rows have unit length; ours finds that out, answers on the host and lists the pairs; peers count them on the GPU',
  ],
  cases: options =>
    namesIn('kinds', options.kinds, KINDS).map(kind => (kind === 'join' ? join(options) : search(options))),
  ours,
  tfjs: ({ kind, threshold, k }) =>
    kind === 'join'
      ? {
          'matMul, greater, sum': (tf, { x }) => {
            const above = tf.greater(tf.matMul(x!, x!, false, true), threshold)
            return { y: tf.sub(tf.sum(tf.cast(above, 'float32'), 1), 1) }
          },
        }
      : {
          'matMul, topk': (tf, { x, c }) => ({
            y: tf.topk(tf.matMul(x!, c!, false, true), k, true).values,
          }),
        },
  jax: ({ kind, threshold, k }) =>
    kind === 'join'
      ? {
          'matmul, greater, sum': ({ numpy: np }, { x }) => {
            const above = np.greater(np.matmul(x!.ref, np.transpose(x!)), threshold)
            return { y: np.sum(above.astype(np.float32), 1).sub(1) }
          },
        }
      : {
          'matmul, topK': ({ numpy: np, lax }, { x, c }) => {
            const [best, places] = lax.topK(np.matmul(x!, np.transpose(c!)), k)
            places.dispose()
            return { y: best }
          },
        },
  onnx: test => ({ [test.kind === 'join' ? 'MatMul, Greater, ReduceSum' : 'MatMul, TopK']: graph(test) }),
  torch: ({ kind, threshold, k }) => ({ op: kind, settings: { threshold, k } }),
}

export const similarityBench = operatorSubject(similarities)
