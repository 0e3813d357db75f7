import { matmulNn, matmulNt, matmulTn } from '../src/ops/matmul'
import type { Case } from './harness/contest'
import { namesIn, numbersIn } from './harness/lists'
import { type Operator, operatorSubject } from './harness/operator'
import { ours } from './harness/ours'
import { normals } from './harness/reference'
import type { OnnxGraph } from './peers/onnxruntime-library'

const LAYOUTS = ['nn', 'nt', 'tn'] as const
type Layout = (typeof LAYOUTS)[number]

const defaults = {
  /** M = N = K. */
  sizes: '512,1024,2048',
  /** Some of nn: a·b, nt: a·bᵀ, tn: aᵀ·b; or all. */
  layouts: 'all',
}

interface Product extends Case {
  readonly n: number
  readonly layout: Layout
}

function product(n: number, layout: Layout): Product {
  const a = (x: Float32Array, m: number, k: number) => x[layout === 'tn' ? k * n + m : m * n + k]!
  const b = (x: Float32Array, k: number, j: number) => x[layout === 'nt' ? j * n + k : k * n + j]!
  return {
    n,
    layout,
    title: `${n}³ ${layout.toUpperCase()}`,
    flops: 2 * n ** 3,
    bytes: 12 * n ** 2,
    inputs: random => ({ a: normals(random, [n, n]), b: normals(random, [n, n]) }),
    expected(inputs) {
      const x = inputs.a!.data as Float32Array
      const y = inputs.b!.data as Float32Array
      return {
        c([m = 0, j = 0]) {
          let sum = 0
          for (let k = 0; k < n; k++) sum += a(x, m, k) * b(y, k, j)
          // n terms of variance 1: sums in f32 come within about n roundings of √n, mostly within √n of them.
          return { value: sum, allowed: n * 2 ** -21 }
        },
      }
    },
  }
}

const MULTIPLY = { nn: matmulNn, nt: matmulNt, tn: matmulTn }

const matmul: Operator<typeof defaults, Product> = {
  name: 'matmul',
  what: 'square products in f32, both operands as they are, or one transposed',
  defaults,
  cases: ({ sizes, layouts }) =>
    numbersIn('sizes', sizes).flatMap(n =>
      namesIn('layouts', layouts, LAYOUTS).map(layout => product(n, layout)),
    ),
  ours: (gpu, { n, layout }) =>
    ours(gpu, ({ a, b }) => {
      const c = gpu.empty([n, n])
      MULTIPLY[layout](gpu, a!, b!, c)
      return { c }
    }),
  tfjs: ({ layout }) => ({
    matMul: (tf, { a, b }) => ({ c: tf.matMul(a!, b!, layout === 'tn', layout === 'nt') }),
  }),
  jax: ({ layout }) => {
    const subscripts = { nn: 'mk,kn->mn', nt: 'mk,nk->mn', tn: 'km,kn->mn' }[layout]
    return {
      matmul: ({ numpy: np }, { a, b }) => ({
        c: np.matmul(layout === 'tn' ? np.transpose(a!) : a!, layout === 'nt' ? np.transpose(b!) : b!),
      }),
      einsum: ({ numpy: np }, { a, b }) => ({ c: np.einsum(subscripts, a!, b!) }),
    }
  },
  onnx({ n, layout }) {
    const outputs = { c: [n, n] }
    const gemm: OnnxGraph = {
      nodes: [
        {
          op: 'Gemm',
          inputs: ['a', 'b'],
          outputs: ['c'],
          attributes: { transA: layout === 'tn' ? 1 : 0, transB: layout === 'nt' ? 1 : 0 },
        },
      ],
      outputs,
    }
    const turned = { nn: null, nt: 'b', tn: 'a' }[layout]
    const [a, b] = ['a', 'b'].map(name => (name === turned ? 'turned' : name))
    const matMul: OnnxGraph = {
      nodes: [
        ...(turned
          ? [{ op: 'Transpose', inputs: [turned], outputs: ['turned'], attributes: { perm: [1, 0] } }]
          : []),
        { op: 'MatMul', inputs: [a!, b!], outputs: ['c'] },
      ],
      outputs,
    }
    return { Gemm: gemm, [turned ? 'Transpose, MatMul' : 'MatMul']: matMul }
  },
  torch: ({ layout }) => ({ op: 'matmul', settings: { layout } }),
}

export const matmulBench = operatorSubject(matmul)
