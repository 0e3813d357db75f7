import type { numpy } from '@jax-js/jax'
import { watchGpu } from '../harness/gpu-watch'
import { peerVersions } from '../harness/versions'
import { type LlamaShape, NORM_EPS, ROPE_THETA } from '../models/llama'
import type { HostWeights } from '../models/random-weights'

export interface AdamWSettings {
  readonly learningRate: number
  readonly weightDecay: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

/** A model that is trained a step at a time. */
export interface TrainedModel {
  readonly name: string
  readonly version: string
  /** Which of its ways to do it. */
  readonly how: string
  readonly device: GPUDevice
  /** One step on sequences of one length; gives the mean loss over all tokens that another one predicts. */
  step(sequences: readonly Uint32Array[]): Promise<number>
  /** The most bytes of buffers that existed at a time. */
  readonly peakBytes: number
  close(): void
}

type Layer = {
  attentionNorm: numpy.Array
  q: numpy.Array
  k: numpy.Array
  v: numpy.Array
  o: numpy.Array
  mlpNorm: numpy.Array
  gate: numpy.Array
  up: numpy.Array
  down: numpy.Array
}
type Parameters = { embedding: numpy.Array; layers: Layer[]; norm: numpy.Array }

/**
 * jax-js: a Llama with a tied output projection and AdamW, one `jit` around the value, the gradient and the update. An
 * array belongs to the function that it is given to; `.ref` is how the caller keeps it.
 *
 * @throws {Error} if it does not run on WebGPU, or the output projection is not tied
 */
export async function jaxLlama(
  shape: LlamaShape,
  weights: HostWeights,
  { learningRate, weightDecay, beta1, beta2, epsilon }: AdamWSettings,
): Promise<TrainedModel> {
  if (!shape.tied) throw new Error('the peer has tied embeddings only')
  addIteratorMethods()
  const jax = await import('@jax-js/jax')
  const { numpy: np, nn, tree } = jax
  if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('jax-js finds no WebGPU')
  jax.defaultDevice('webgpu')
  const device = jax.getWebGPUDevice()
  const watch = watchGpu(device)
  const { hidden, heads, kvHeads } = shape
  const D = hidden / heads

  const rmsNorm = (x: numpy.Array, weight: numpy.Array) => {
    const scale = np.sqrt(np.mean(np.square(x.ref), -1, { keepdims: true }).add(NORM_EPS))
    return x.div(scale).mul(weight)
  }
  /** x [B, T, I] by weight [O, I]. */
  const linear = (x: numpy.Array, weight: numpy.Array) => np.einsum('bti,oi->bto', x, weight)
  /** Turns halves of the heads [B, T, H, D] by angles [T, 1, D / 2]. */
  const rope = (x: numpy.Array, cos: numpy.Array, sin: numpy.Array) => {
    const a = x.ref.slice([], [], [], [0, D / 2])
    const b = x.slice([], [], [], [D / 2, D])
    const first = a.ref.mul(cos.ref).sub(b.ref.mul(sin.ref))
    return np.concatenate([first, b.mul(cos).add(a.mul(sin))], -1)
  }

  const layerForward = (x: numpy.Array, p: Layer, cos: numpy.Array, sin: numpy.Array) => {
    const [B, T] = x.shape as [number, number]
    const h = rmsNorm(x.ref, p.attentionNorm)
    const split = (y: numpy.Array, H: number) => y.reshape([B, T, H, D])
    const q = rope(split(linear(h.ref, p.q), heads), cos.ref, sin.ref)
    const k = rope(split(linear(h.ref, p.k), kvHeads), cos, sin)
    const v = split(linear(h, p.v), kvHeads)
    const attended = nn.dotProductAttention(q, k, v, { isCausal: true }).reshape([B, T, hidden])
    const between = x.add(linear(attended, p.o))
    const m = rmsNorm(between.ref, p.mlpNorm)
    const gated = nn.silu(linear(m.ref, p.gate)).mul(linear(m, p.up))
    return between.add(linear(gated, p.down))
  }

  /** Mean negative log-likelihood of targets [B, T], the last of which no token is. */
  const lossOf = (
    p: Parameters,
    ids: numpy.Array,
    targets: numpy.Array,
    cos: numpy.Array,
    sin: numpy.Array,
  ) => {
    let x = np.take(p.embedding.ref, ids, 0)
    for (const layer of p.layers) x = layerForward(x, layer, cos.ref, sin.ref)
    cos.dispose()
    sin.dispose()
    const logits = linear(rmsNorm(x, p.norm), p.embedding)
    const [B, T, V] = logits.shape as [number, number, number]
    // `nn.oneHot` takes rows of a square of the vocabulary, which exceeds what a binding holds.
    const isTarget = np.equal(np.arange(V).astype(np.int32), targets.reshape([B, T, 1]))
    const chosen = np.sum(np.where(isTarget, logits.ref, 0), -1)
    const isToken = np.arange(T).less(T - 1)
    const losses = nn.logsumexp(logits, -1).sub(chosen)
    return np.sum(np.where(isToken, losses, 0)).div(B * (T - 1))
  }

  type State = { p: Parameters; m: Parameters; v: Parameters }
  const update = jax.jit(
    (
      { p, m, v }: State,
      ids: numpy.Array,
      targets: numpy.Array,
      cos: numpy.Array,
      sin: numpy.Array,
      corrections: numpy.Array,
    ): { loss: numpy.Array; state: State } => {
      const [loss, g] = jax.valueAndGrad(lossOf)(tree.ref(p), ids, targets, cos, sin)
      const first = corrections.ref.slice(0)
      const second = corrections.slice(1)
      const next = { p: [] as numpy.Array[], m: [] as numpy.Array[], v: [] as numpy.Array[] }
      const [ps, definition] = tree.flatten(p)
      const [ms, vs, gs] = [tree.leaves(m), tree.leaves(v), tree.leaves(g as Parameters)]
      ps.forEach((value, i) => {
        const decay = value.ndim > 1 ? learningRate * weightDecay : 0
        const grown = ms[i]!.mul(beta1).add(gs[i]!.ref.mul(1 - beta1))
        const squares = vs[i]!.mul(beta2).add(np.square(gs[i]!).mul(1 - beta2))
        const divisor = np.sqrt(squares.ref.div(second.ref)).add(epsilon)
        const change = grown.ref.div(first.ref).div(divisor).mul(learningRate)
        next.p.push(value.mul(1 - decay).sub(change))
        next.m.push(grown)
        next.v.push(squares)
      })
      first.dispose()
      second.dispose()
      const whole = (arrays: numpy.Array[]) => tree.unflatten(definition, arrays) as Parameters
      return { loss, state: { p: whole(next.p), m: whole(next.m), v: whole(next.v) } }
    },
  )

  const initial = parametersOf(shape, weights, ({ shape: axes, data }) =>
    np.array(data as Float32Array<ArrayBuffer>, { shape: [...axes] }),
  )
  const zeros = () => tree.map((x: numpy.Array) => np.zeros(x.shape), initial) as Parameters
  let state: State = { p: initial, m: zeros(), v: zeros() }
  let steps = 0
  return {
    name: 'jax-js',
    version: peerVersions['@jax-js/jax'] ?? '',
    how: 'one jit of value, gradient and AdamW',
    device,
    get peakBytes() {
      return watch.peakBytes
    },
    async step(sequences) {
      const B = sequences.length
      const T = sequences[0]!.length
      const whole = (values: readonly number[]) =>
        np.array(Int32Array.from(values), { shape: [B, T], dtype: np.int32 })
      const ids = whole(sequences.flatMap(sequence => [...sequence]))
      const targets = whole(sequences.flatMap(sequence => [...sequence.subarray(1), 0]))
      const angles = (of: (angle: number) => number) =>
        np.array(ropeAngles(T, D, of), { shape: [T, 1, D / 2] })
      steps++
      const corrections = np.array(Float32Array.of(1 - beta1 ** steps, 1 - beta2 ** steps))
      const { loss, state: next } = update(
        state,
        ids,
        targets,
        angles(Math.cos),
        angles(Math.sin),
        corrections,
      )
      state = next
      const [value] = await loss.data()
      await jax.blockUntilReady(state)
      return value!
    },
    close() {
      tree.dispose(state)
      update.dispose()
    },
  }
}

/** jax-js reads einsum's letters with `map` and `filter` of iterators, which Node has from 22 on. */
function addIteratorMethods(): void {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf([].values())) as Record<string, unknown>
  prototype.map ??= function* <T, U>(this: Iterable<T>, change: (value: T) => U) {
    for (const value of this) yield change(value)
  }
  prototype.filter ??= function* <T>(this: Iterable<T>, holds: (value: T) => boolean) {
    for (const value of this) if (holds(value)) yield value
  }
}

function ropeAngles(T: number, D: number, of: (angle: number) => number): Float32Array<ArrayBuffer> {
  const half = D / 2
  return Float32Array.from({ length: T * half }, (_, i) =>
    of(Math.floor(i / half) * ROPE_THETA ** (-(i % half) / half)),
  )
}

function parametersOf<T>(
  { layers }: LlamaShape,
  weights: HostWeights,
  make: (tensor: { shape: readonly number[]; data: Float32Array }) => T,
) {
  const take = (name: string) => make(weights.get(`${name}.weight`)!)
  return {
    embedding: take('model.embed_tokens'),
    layers: Array.from({ length: layers }, (_, l) => {
      const at = `model.layers.${l}`
      return {
        attentionNorm: take(`${at}.input_layernorm`),
        q: take(`${at}.self_attn.q_proj`),
        k: take(`${at}.self_attn.k_proj`),
        v: take(`${at}.self_attn.v_proj`),
        o: take(`${at}.self_attn.o_proj`),
        mlpNorm: take(`${at}.post_attention_layernorm`),
        gate: take(`${at}.mlp.gate_proj`),
        up: take(`${at}.mlp.up_proj`),
        down: take(`${at}.mlp.down_proj`),
      }
    }),
    norm: take('model.norm'),
  }
}
