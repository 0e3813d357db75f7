import type { Gpu } from '../gpu/gpu'
import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import type { Loss } from '../losses/loss'
import type { TokenBatch } from '../models/answer-batch'
import type { CausalNetwork, ForwardOptions } from '../models/causal-network'
import type { LoraMap } from '../nn/linear'
import type { Packed } from '../nn/packed'
import { groupTokens, type TokenGroups } from '../ops/embedding'
import { gather } from '../ops/gather'
import { linearLogProb, linearLogProbs } from '../ops/linear-log-prob'
import { STATISTICS, sequenceStatistics } from '../ops/sequence-statistics'
import { spoilGradient } from '../ops/spoil-gradient'
import { Tape } from '../ops/tape'
import type { MicroBatch } from './micro-batch'
import type { Parameter } from './trainable'

/** A model whose log-probs are computed beside the trained one's. */
export interface LiveReference {
  readonly network: CausalNetwork
  readonly adapter: LoraMap | null
}

/** What programs of one run have in common. */
export interface ProgramJob {
  readonly gpu: Gpu
  readonly network: CausalNetwork
  readonly adapter: LoraMap | null
  /** What gets gradients; none for an evaluation. */
  readonly parameters: readonly Parameter[]
  /** Whether rows of an embedding are among them: their tokens must be grouped. */
  readonly trainsEmbedding: boolean
  readonly loss: Loss
  /** The terms' own numbers. */
  readonly states: readonly (Tensor | null)[]
  /** [1]: the mean log-ratio of mismatched answers. */
  readonly kl: Tensor | null
  /** Computes reference log-probs in each run; without it they are given. */
  readonly live: LiveReference | null
  readonly recompute: boolean
  /** Share of inputs that the adapter's layers do not see. */
  readonly dropout: number
  /** Scale of the noise on embeddings, α of NEFTune; 0 for none. */
  readonly noise: number
}

/** What differs from run to run. */
export interface RunOptions {
  /** What the examples' losses are multiplied by, for each term. */
  readonly scales: readonly number[]
  /** Of dropout and noise. */
  readonly seed: number
}

/**
 * Forward and backward pass of one micro-batch shape, recorded once: T tokens, R tokens that count, N examples of S
 * sequences. A run adds the micro-batch's gradients to the parameters' and leaves `values` and `statistics`.
 */
export class TrainingProgram implements Disposable {
  /** For each term the examples' losses before their scale, [N]. */
  readonly values: readonly Tensor[]
  /** [S, 8], see `STATISTICS`. */
  readonly statistics: Tensor
  readonly #job: ProgramJob
  readonly #inputs: Inputs
  readonly #recording: Recording

  constructor(job: ProgramJob, batch: MicroBatch) {
    const { gpu, loss } = job
    const inputs = inputTensors(job, batch)
    this.#job = job
    this.#inputs = inputs
    this.values = loss.terms.map(() => gpu.empty([batch.examples]))
    this.statistics = gpu.empty([batch.spans.length, STATISTICS.length])
    this.#recording = gpu.record(() => this.#encode())
  }

  #encode(): void {
    const { gpu, network, adapter, parameters, loss, states, kl, live, recompute } = this.#job
    const { reference, reported, spans, labels, index, targets, packed, terms } = this.#inputs
    if (live) writeLogProbs(gpu, live, this.#inputs, reference)
    using tape = new Tape(gpu, { grad: parameters.length > 0 })
    for (const { value, grad } of parameters) tape.parameter(value, grad)
    const hidden = network.forward(tape, packed, { adapter, recompute, ...this.#randomness() })
    const answers = gather(tape, hidden, index)
    const { logProb: policy, tokens } = linearLogProbs(tape, answers, network.head, targets)
    const { statistics } = this
    gpu.run(sequenceStatistics, { policy, reference, weights: reported, spans, tokens, statistics }, {})
    const gradient = tape.tensor(policy.shape)
    gpu.clear(gradient)
    loss.terms.forEach((term, k) => {
      const { weights, lengths, scale } = terms[k]!
      const values = this.values[k]!
      const state = states[k] ?? null
      term.run(gpu, {
        ...{ policy, reference, weights, spans, lengths, scale, statistics, labels, kl, state },
        ...{ values, gradient },
      })
    })
    const [first] = parameters
    if (!first) return
    tape.backward(policy, gradient)
    const grad = first.grad.view([first.grad.size])
    for (const values of this.values) gpu.run(spoilGradient, { values, gradient: grad }, {})
  }

  #randomness(): Pick<ForwardOptions, 'dropout' | 'noise'> {
    const { dropout } = this.#job
    const { seed, magnitude } = this.#inputs
    return {
      dropout: dropout > 0 ? { rate: dropout, seed } : null,
      noise: magnitude && { magnitude, seed },
    }
  }

  /** Runs a micro-batch, which must have this program's shape. */
  run(batch: MicroBatch, { scales, seed }: RunOptions): void {
    const { gpu, noise, network } = this.#job
    const inputs = this.#inputs
    gpu.write(inputs.packed.ids, batch.ids)
    gpu.write(inputs.packed.positions, batch.positions)
    gpu.write(inputs.packed.ranges, batch.ranges)
    writeGroups(gpu, inputs.packed.groups, batch.ids)
    writeGroups(gpu, inputs.packed.positionGroups, batch.positions)
    gpu.write(inputs.index, batch.index)
    gpu.write(inputs.targets, batch.targets)
    gpu.write(inputs.spans, Uint32Array.from(batch.spans.flat()))
    gpu.write(inputs.reported, batch.reported.weights)
    if (!this.#job.live) gpu.write(inputs.reference, batch.reference)
    if (inputs.labels && batch.labels) gpu.write(inputs.labels, batch.labels)
    inputs.terms.forEach(({ weights, lengths, scale }, k) => {
      gpu.write(weights, batch.terms[k]!.weights)
      gpu.write(lengths, batch.terms[k]!.lengths)
      gpu.write(scale, Float32Array.of(scales[k]!))
    })
    gpu.write(inputs.seed, Uint32Array.of(seed))
    if (inputs.magnitude) gpu.write(inputs.magnitude, magnitudes(batch, noise, network.hidden))
    gpu.replay(this.#recording)
  }

  [Symbol.dispose](): void {
    this.#inputs[Symbol.dispose]()
    for (const tensor of this.values) tensor[Symbol.dispose]()
    this.statistics[Symbol.dispose]()
    this.#recording[Symbol.dispose]()
  }
}

/** Programs with the same key run each other's micro-batches. */
export const programKey = ({ ids, index, examples, spans }: MicroBatch): string =>
  `${ids.length},${index.length},${examples},${spans.length}`

/** Writes the log-probs of a packed batch's targets, [R], without a gradient. */
export function writeLogProbs(
  gpu: Gpu,
  { network, adapter }: LiveReference,
  { packed, index, targets }: Pick<Inputs, 'packed' | 'index' | 'targets'>,
  into: Tensor,
): void {
  using tape = new Tape(gpu, { grad: false })
  const hidden = network.forward(tape, packed, { adapter })
  gpu.copy(linearLogProb(tape, gather(tape, hidden, index), network.head, targets), into)
}

/** NEFTune's α/√(L·C) for each token of a sequence of L tokens; 0 for padding. https://arxiv.org/abs/2310.05914 */
function magnitudes({ ids, sequenceLengths }: MicroBatch, alpha: number, hidden: number): Float32Array {
  const values = new Float32Array(ids.length)
  let at = 0
  for (const length of sequenceLengths) {
    values.fill(alpha / Math.sqrt(length * hidden), at, at + length)
    at += length
  }
  return values
}

function writeGroups(gpu: Gpu, groups: TokenGroups | undefined, of: Uint32Array): void {
  if (!groups) return
  const { rows, starts, order } = groupTokens(of)
  gpu.write(groups.rows, rows)
  gpu.write(groups.starts, starts)
  gpu.write(groups.order, order)
}

/** The tensors of a packed batch and its targets. */
export function packedTensors(gpu: Gpu, { ids, index }: TokenBatch, { groups = false } = {}) {
  const T = ids.length
  const all: Tensor[] = []
  const u32 = (shape: readonly number[]) => {
    const tensor = gpu.empty(shape, 'u32')
    all.push(tensor)
    return tensor
  }
  const grouped = () => ({ rows: u32([T]), starts: u32([T + 1]), order: u32([T]) })
  const packed: Packed = {
    ...{ ids: u32([T]), positions: u32([T]), ranges: u32([T, 4]) },
    ...(groups ? { groups: grouped(), positionGroups: grouped() } : {}),
  }
  const R = index.length
  return {
    ...{ packed, index: u32([R]), targets: u32([R]) },
    [Symbol.dispose]() {
      for (const tensor of all) tensor[Symbol.dispose]()
    },
  }
}

type Inputs = ReturnType<typeof inputTensors>

function inputTensors({ gpu, loss, noise, trainsEmbedding }: ProgramJob, batch: MicroBatch) {
  const [T, R, N, S] = [batch.ids.length, batch.index.length, batch.examples, batch.spans.length]
  const tokens = packedTensors(gpu, batch, { groups: trainsEmbedding })
  const terms = loss.terms.map(() => ({
    weights: gpu.empty([R, 2]),
    lengths: gpu.empty([S]),
    scale: gpu.empty([1]),
  }))
  const own = {
    reference: gpu.empty([R]),
    reported: gpu.empty([R, 2]),
    spans: gpu.empty([S, 2], 'u32'),
    labels: batch.labels ? gpu.empty([N]) : null,
    seed: gpu.empty([1], 'u32'),
    magnitude: noise > 0 ? gpu.empty([T]) : null,
  }
  return {
    ...tokens,
    ...own,
    terms,
    [Symbol.dispose]() {
      tokens[Symbol.dispose]()
      for (const tensor of [...Object.values(own), ...terms.flatMap(term => Object.values(term))])
        tensor?.[Symbol.dispose]()
    },
  }
}
