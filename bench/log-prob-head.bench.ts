import { linearLogProb } from '../src/ops/linear-log-prob'
import { Tape } from '../src/ops/tape'
import type { Case } from './harness/contest'
import { namesIn } from './harness/lists'
import { type Operator, operatorSubject } from './harness/operator'
import { gradientsInto, ours } from './harness/ours'
import { PASSES, type Pass } from './harness/passes'
import { type Expect, normals, wholeNumbers } from './harness/reference'
import { type JaxArrays, type JaxModule, pullBack } from './peers/jax-library'
import type { OnnxGraph } from './peers/onnxruntime-library'
import { gradientsOf, type Tf, type TfTensors } from './peers/tfjs-library'

const defaults = {
  /** Tokens whose next one is predicted. */
  rows: 256,
  columns: 256,
  vocabulary: 8192,
  /** Some of forward, forward+backward; or all. */
  passes: 'all',
}

interface Head extends Case {
  readonly R: number
  readonly V: number
  readonly pass: Pass
}

function head(R: number, C: number, V: number, pass: Pass): Head {
  const backward = pass !== 'forward'
  return {
    R,
    V,
    pass,
    title: `${R}×${C}→${V} ${pass}`,
    // The logits, and the gradient of h; what is computed a second time does not count.
    flops: 2 * R * C * V * (backward ? 2 : 1),
    bytes: 0,
    samples: 24,
    inputs: random => ({
      h: normals(random, [R, C]),
      // Logits of variance 4.
      w: normals(random, [V, C], 2 / Math.sqrt(C)),
      target: wholeNumbers(random, [R], V),
      ...(backward && { dy: normals(random, [R]) }),
    }),
    expected(inputs) {
      const [h, w, dy] = ['h', 'w', 'dy'].map(name => inputs[name]?.data as Float32Array)
      const target = inputs.target!.data
      const known = new Map<number, Float64Array>()
      /** Logits less the logarithm of the sum of their exponentials. */
      function logProbs(r: number): Float64Array {
        const found = known.get(r)
        if (found) return found
        const row = Float64Array.from({ length: V }, (_, v) => {
          let sum = 0
          for (let c = 0; c < C; c++) sum += h![r * C + c]! * w![v * C + c]!
          return sum
        })
        const most = row.reduce((a, b) => Math.max(a, b))
        const total = row.reduce((sum, z) => sum + Math.exp(z - most), 0)
        for (let v = 0; v < V; v++) row[v]! -= most + Math.log(total)
        known.set(r, row)
        return row
      }
      const y: Expect = ([r = 0]) => ({ value: logProbs(r)[target[r]!]!, allowed: 5e-5 })
      const dh: Expect = ([r = 0, c = 0]) => {
        const mean = logProbs(r).reduce((sum, z, v) => sum + Math.exp(z) * w![v * C + c]!, 0)
        return { value: dy![r]! * (w![target[r]! * C + c]! - mean), allowed: 2e-5 }
      }
      return backward ? { y, dh } : { y }
    },
  }
}

/** Of all the vocabulary, then one taken. */
const tfGathered = (tf: Tf, { h, w, target }: TfTensors) => {
  const all = tf.logSoftmax(tf.matMul(h!, w!, false, true))
  return tf.sum(tf.mul(all, tf.oneHot(tf.cast(target!, 'int32'), w!.shape[0]!)), 1)
}

/** The target's logit by itself, less the logarithm of the sum. */
const tfSeparate = (tf: Tf, { h, w, target }: TfTensors) => {
  const logits = tf.matMul(h!, w!, false, true)
  const own = tf.sum(tf.mul(h!, tf.gather(w!, tf.cast(target!, 'int32'))), 1)
  return tf.sub(own, tf.logSumExp(logits, 1))
}

const jaxGathered = ({ numpy: np, nn }: JaxModule, { h, w, target }: JaxArrays) => {
  const all = nn.logSoftmax(np.matmul(h!, np.transpose(w!)), 1)
  return np.takeAlongAxis(all, target!.reshape([-1, 1]), 1).reshape([-1])
}

const jaxSeparate = ({ numpy: np, nn }: JaxModule, { h, w, target }: JaxArrays) => {
  const own = np.sum(h!.ref.mul(np.take(w!.ref, target!, 0)), 1)
  return own.sub(nn.logsumexp(np.matmul(h!, np.transpose(w!)), 1))
}

function graphs(R: number): Readonly<Record<string, OnnxGraph>> {
  const logits = {
    op: 'Gemm',
    inputs: ['h', 'w'],
    outputs: ['logits'],
    attributes: { transB: 1 },
  }
  const gathered: OnnxGraph = {
    nodes: [
      logits,
      { op: 'LogSoftmax', inputs: ['logits'], outputs: ['all'], attributes: { axis: 1 } },
      { op: 'GatherElements', inputs: ['all', 'target'], outputs: ['y'], attributes: { axis: 1 } },
    ],
    shapes: { target: [R, 1], y: [R, 1] },
    outputs: { y: [R] },
  }
  const separate: OnnxGraph = {
    nodes: [
      logits,
      { op: 'ReduceMax', inputs: ['logits'], outputs: ['most'], attributes: { axes: [1], keepdims: 1 } },
      { op: 'Sub', inputs: ['logits', 'most'], outputs: ['lower'] },
      { op: 'Exp', inputs: ['lower'], outputs: ['exponentials'] },
      { op: 'ReduceSum', inputs: ['exponentials', 'last'], outputs: ['sum'], attributes: { keepdims: 1 } },
      { op: 'Log', inputs: ['sum'], outputs: ['log'] },
      { op: 'Gather', inputs: ['w', 'target'], outputs: ['rows'], attributes: { axis: 0 } },
      { op: 'Mul', inputs: ['h', 'rows'], outputs: ['products'] },
      { op: 'ReduceSum', inputs: ['products', 'last'], outputs: ['own'], attributes: { keepdims: 1 } },
      { op: 'Sub', inputs: ['own', 'most'], outputs: ['above'] },
      { op: 'Sub', inputs: ['above', 'log'], outputs: ['y'] },
    ],
    constants: [{ name: 'last', type: 'int64', shape: [1], values: [1] }],
    shapes: { y: [R, 1] },
    outputs: { y: [R] },
  }
  return { 'Gemm, LogSoftmax, GatherElements': gathered, 'Gemm, Exp, ReduceSum': separate }
}

const heads: Operator<typeof defaults, Head> = {
  name: 'log-prob-head',
  what: 'log-probabilities of the next tokens from hidden states, and the gradient of these',
  defaults,
  notes: () => ['the head is frozen: its own gradient is not computed, as in training an adapter'],
  cases: ({ rows, columns, vocabulary, passes }) =>
    namesIn('passes', passes, PASSES).map(pass => head(rows, columns, vocabulary, pass)),
  ours: (gpu, { pass }) =>
    ours(gpu, ({ h, w, target, dy }) => {
      const tape = new Tape(gpu, { grad: pass !== 'forward' })
      const gradients = gradientsInto(tape, { h: h! })
      const y = tape.release(linearLogProb(tape, h!, w!, target!))
      if (dy) tape.backward(y, dy)
      return { y, ...gradients }
    }),
  tfjs: ({ pass }) =>
    pass === 'forward'
      ? {
          'matMul, logSoftmax, oneHot': (tf, inputs) => ({ y: tfGathered(tf, inputs) }),
          'matMul, logSumExp, gather': (tf, inputs) => ({ y: tfSeparate(tf, inputs) }),
        }
      : {
          'matMul, logSoftmax, oneHot': gradientsOf(['h'], tfGathered),
          'matMul, logSumExp, gather': gradientsOf(['h'], tfSeparate),
        },
  jax: ({ pass }) =>
    pass === 'forward'
      ? {
          'matmul, logSoftmax, takeAlongAxis': (jax, inputs) => ({ y: jaxGathered(jax, inputs) }),
          'matmul, logsumexp, take': (jax, inputs) => ({ y: jaxSeparate(jax, inputs) }),
        }
      : {
          'matmul, logSoftmax, takeAlongAxis': pullBack(['h'], jaxGathered),
          'matmul, logsumexp, take': pullBack(['h'], jaxSeparate),
        },
  onnx: ({ R, pass }) => (pass === 'forward' ? graphs(R) : {}),
  torch: ({ pass }) => ({ op: 'log-prob-head', settings: { backward: pass !== 'forward' } }),
}

export const logProbHeadBench = operatorSubject(heads)
