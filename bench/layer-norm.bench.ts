import { layerNorm } from '../src/ops/layer-norm'
import { rmsNorm } from '../src/ops/rms-norm'
import { Tape } from '../src/ops/tape'
import type { Case } from './harness/contest'
import { namesIn } from './harness/lists'
import { type Operator, operatorSubject } from './harness/operator'
import { gradientsInto, ours } from './harness/ours'
import { PASSES, type Pass } from './harness/passes'
import { type Expect, normals } from './harness/reference'
import type { JaxArrays, JaxModule } from './peers/jax-library'
import { pullBack } from './peers/jax-library'
import type { OnnxGraph } from './peers/onnxruntime-library'
import type { Tf, TfTensors } from './peers/tfjs-library'
import { gradientsOf } from './peers/tfjs-library'

const KINDS = ['layer', 'rms'] as const
type Kind = (typeof KINDS)[number]

const defaults = {
  rows: 2048,
  columns: 768,
  /** Some of layer, rms; or all. */
  kinds: 'all',
  /** Some of forward, forward+backward; or all. */
  passes: 'all',
}

const EPS = 1e-5

interface Norm extends Case {
  readonly kind: Kind
  readonly pass: Pass
  readonly rows: number
  readonly columns: number
}

/** Of a row: what is subtracted, and what is multiplied by. */
function rowStatistics(x: Float32Array, at: number, C: number, kind: Kind) {
  let mean = 0
  if (kind === 'layer') for (let c = 0; c < C; c++) mean += x[at + c]! / C
  let square = 0
  for (let c = 0; c < C; c++) square += (x[at + c]! - mean) ** 2 / C
  return { mean, rstd: 1 / Math.sqrt(square + EPS) }
}

function norm(N: number, C: number, kind: Kind, pass: Pass): Norm {
  const backward = pass === 'forward+backward'
  return {
    kind,
    pass,
    rows: N,
    columns: C,
    title: `${kind} ${N}×${C} ${pass}`,
    flops: 0,
    // x and y; x, dy and dx.
    bytes: 4 * N * C * (backward ? 5 : 2),
    inputs: random => ({
      x: normals(random, [N, C]),
      w: normals(random, [C]),
      ...(kind === 'layer' && { b: normals(random, [C]) }),
      ...(backward && { dy: normals(random, [N, C]) }),
    }),
    expected(inputs) {
      const [x, w, b, dy] = ['x', 'w', 'b', 'dy'].map(name => inputs[name]?.data as Float32Array)
      const rows = Array.from({ length: N }, (_, n) => rowStatistics(x!, n * C, C, kind))
      const normalized = (n: number, c: number) => (x![n * C + c]! - rows[n]!.mean) * rows[n]!.rstd
      const y: Expect = ([n = 0, c = 0]) => ({
        value: normalized(n, c) * w![c]! + (b?.[c] ?? 0),
        allowed: 2e-5,
      })
      if (!backward) return { y }
      const dx: Expect = ([n = 0, c = 0]) => {
        let own = 0
        let mean = 0
        for (let i = 0; i < C; i++) {
          const g = dy![n * C + i]! * w![i]!
          own += (g * normalized(n, i)) / C
          if (kind === 'layer') mean += g / C
        }
        const g = dy![n * C + c]! * w![c]!
        return { value: rows[n]!.rstd * (g - mean - normalized(n, c) * own), allowed: 5e-5 }
      }
      const columnSum = (term: (n: number, c: number) => number): Expect => {
        return ([c = 0]) => {
          let sum = 0
          for (let n = 0; n < N; n++) sum += term(n, c)
          return { value: sum, allowed: N * 2 ** -20 }
        }
      }
      return {
        y,
        dx,
        dw: columnSum((n, c) => dy![n * C + c]! * normalized(n, c)),
        ...(kind === 'layer' && { db: columnSum((n, c) => dy![n * C + c]!) }),
      }
    },
  }
}

function tfNorm(tf: Tf, kind: Kind, { x, w, b }: TfTensors) {
  if (kind === 'rms') {
    const square = tf.mean(tf.square(x!), 1, true)
    return tf.mul(tf.mul(x!, tf.rsqrt(tf.add(square, EPS))), w!)
  }
  const { mean, variance } = tf.moments(x!, 1, true)
  return tf.add(tf.mul(tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, EPS))), w!), b!)
}

function jaxNorm({ numpy: np }: JaxModule, kind: Kind, { x, w, b }: JaxArrays) {
  const centred = kind === 'layer' ? x!.ref.sub(np.mean(x!, 1, { keepdims: true })) : x!
  const square = np.mean(np.square(centred.ref), 1, { keepdims: true })
  const scaled = centred.div(np.sqrt(square.add(EPS))).mul(w!)
  return kind === 'layer' ? scaled.add(b!) : scaled
}

const names = (kind: Kind) => (kind === 'layer' ? ['x', 'w', 'b'] : ['x', 'w'])

const layerNorms: Operator<typeof defaults, Norm> = {
  name: 'layer-norm',
  what: 'layer norm and RMS norm, forward and backward, by the bytes that must move',
  defaults,
  cases: ({ rows, columns, kinds, passes }) =>
    namesIn('kinds', kinds, KINDS).flatMap(kind =>
      namesIn('passes', passes, PASSES).map(pass => norm(rows, columns, kind, pass)),
    ),
  ours: (gpu, { kind, pass, columns: C }) =>
    ours(gpu, ({ x, w, b, dy }) => {
      const tape = new Tape(gpu, { grad: pass !== 'forward' })
      const own = gradientsInto(tape, { x: x! })
      const sums = Object.fromEntries(
        Object.entries({ w, b }).flatMap(([name, parameter]) => {
          if (!parameter || pass === 'forward') return []
          const sum = gpu.zeros([C])
          tape.parameter(parameter, sum)
          return [[`d${name}`, sum]]
        }),
      )
      const y = tape.release(
        kind === 'layer' ? layerNorm(tape, x!, w!, b!, { eps: EPS }) : rmsNorm(tape, x!, w!, { eps: EPS }),
      )
      if (dy) tape.backward(y, dy)
      return { y, ...own, ...sums }
    }),
  tfjs: ({ kind, pass }) => ({
    'mean, rsqrt':
      pass === 'forward'
        ? (tf, inputs) => ({ y: tfNorm(tf, kind, inputs) })
        : gradientsOf(names(kind), (tf, inputs) => tfNorm(tf, kind, inputs)),
  }),
  jax: ({ kind, pass }) => ({
    'jit of mean, sqrt':
      pass === 'forward'
        ? (jax, inputs) => ({ y: jaxNorm(jax, kind, inputs) })
        : pullBack(names(kind), (jax, inputs) => jaxNorm(jax, kind, inputs)),
  }),
  onnx({ kind, pass, rows, columns }) {
    if (pass !== 'forward') return {}
    const graph = (op: string, opset: number): OnnxGraph => ({
      nodes: [{ op, inputs: names(kind), outputs: ['y'], attributes: { axis: 1, epsilon: { float: EPS } } }],
      outputs: { y: [rows, columns] },
      opset,
    })
    return kind === 'layer'
      ? { LayerNormalization: graph('LayerNormalization', 17) }
      : { SimplifiedLayerNormalization: graph('SimplifiedLayerNormalization', 17) }
  },
  torch: ({ kind, pass, columns }) => ({
    op: `${kind}-norm`,
    settings: { backward: pass !== 'forward', columns, eps: EPS },
  }),
}

export const layerNormBench = operatorSubject(layerNorms)
