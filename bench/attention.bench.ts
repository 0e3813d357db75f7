import { attention, packRanges } from '../src/ops/attention'
import { Tape } from '../src/ops/tape'
import { attentionExpected } from './attention-reference'
import type { Case } from './harness/contest'
import { namesIn, numbersIn } from './harness/lists'
import { type Operator, operatorSubject } from './harness/operator'
import { gradientsInto, ours } from './harness/ours'
import { PASSES, type Pass } from './harness/passes'
import { normals } from './harness/reference'
import { type JaxArrays, type JaxModule, pullBack } from './peers/jax-library'
import { attentionGraphs } from './peers/onnx-attention'
import { gradientsOf, type Tf, type TfTensors } from './peers/tfjs-library'

const defaults = {
  /** Of one sequence; several joined by commas. */
  tokens: '512',
  heads: 8,
  /** Heads of keys and values. */
  'kv-heads': 8,
  'head-size': 32,
  /** Some of forward, forward+backward; or all. */
  passes: 'all',
}

export interface Attention extends Case {
  readonly T: number
  readonly H: number
  readonly G: number
  readonly D: number
  readonly pass: Pass
}

function causal(T: number, H: number, G: number, D: number, pass: Pass): Attention {
  const backward = pass !== 'forward'
  // Two products forward; backward the scores again, and four more. Half of each is masked.
  const flops = T * T * H * D * 2 * (backward ? 7 : 2)
  return {
    T,
    H,
    G,
    D,
    pass,
    title: `T${T} H${H}${G === H ? '' : `/${G}`} D${D} ${pass}`,
    flops: flops / 2,
    bytes: 0,
    samples: 64,
    inputs: random => ({
      q: normals(random, [T, H, D]),
      k: normals(random, [T, G, D]),
      v: normals(random, [T, G, D]),
      ...(backward && { dy: normals(random, [T, H, D]) }),
    }),
    expected: inputs => attentionExpected(T, H, G, D, inputs),
  }
}

/** Heads first, which is how tfjs multiplies; keys and values repeated for groups. */
function tfAttention(tf: Tf, { T, H, G, D }: Attention, mask: () => TfTensors, { q, k, v }: TfTensors) {
  const headsFirst = (x: TfTensors[string]) => tf.transpose(x, [1, 0, 2])
  const grouped = (x: TfTensors[string]) =>
    G === H
      ? headsFirst(x)
      : tf.reshape(tf.tile(tf.expandDims(headsFirst(x), 1), [1, H / G, 1, 1]), [H, T, D])
  const scores = tf.matMul(headsFirst(q!), grouped(k!), false, true)
  const weights = tf.softmax(tf.add(tf.mul(scores, 1 / Math.sqrt(D)), mask().mask!))
  return tf.transpose(tf.matMul(weights, grouped(v!)), [1, 0, 2])
}

function tfMask(tf: Tf, T: number): () => TfTensors {
  let mask: TfTensors | null = null
  return () => {
    const values = Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0))
    mask ??= { mask: tf.keep(tf.tensor2d(values, [T, T])) }
    return mask
  }
}

const jaxAttention = ({ nn }: JaxModule, { q, k, v }: JaxArrays) =>
  nn.dotProductAttention(q!, k!, v!, { isCausal: true })

const attentions: Operator<typeof defaults, Attention> = {
  name: 'attention',
  what: 'causal attention, forward and backward; its FLOP/s count what the mask leaves',
  defaults,
  cases: ({ tokens, heads, 'kv-heads': groups, 'head-size': D, passes }) =>
    numbersIn('tokens', tokens).flatMap(T =>
      namesIn('passes', passes, PASSES).map(pass => causal(T, heads, groups, D, pass)),
    ),
  ours: (gpu, { T, pass }) => {
    const ranges = gpu.tensor([T, 4], packRanges([T]))
    const own = ours(gpu, ({ q, k, v, dy }) => {
      const tape = new Tape(gpu, { grad: pass !== 'forward' })
      const gradients = gradientsInto(tape, { q: q!, k: k!, v: v! })
      const y = tape.release(attention(tape, q!, k!, v!, ranges))
      if (dy) tape.backward(y, dy)
      return { y, ...gradients }
    })
    return {
      ...own,
      close() {
        own.close()
        ranges[Symbol.dispose]()
      },
    }
  },
  tfjs(test) {
    let mask: (() => TfTensors) | null = null
    const compute = (tf: Tf, inputs: TfTensors) => {
      mask ??= tfMask(tf, test.T)
      return tfAttention(tf, test, mask, inputs)
    }
    return {
      'transpose, matMul, softmax':
        test.pass === 'forward'
          ? (tf, inputs) => ({ y: compute(tf, inputs) })
          : gradientsOf(['q', 'k', 'v'], compute),
    }
  },
  jax: ({ pass }) => ({
    'nn.dotProductAttention':
      pass === 'forward'
        ? (jax, inputs) => ({ y: jaxAttention(jax, inputs) })
        : pullBack(['q', 'k', 'v'], jaxAttention),
  }),
  onnx: ({ T, H, G, D, pass }) => (pass === 'forward' ? attentionGraphs(T, H, G, D) : {}),
  torch: ({ pass }) => ({ op: 'attention', settings: { backward: pass !== 'forward' } }),
}

export const attentionBench = operatorSubject(attentions)
