import { roundedSize } from '../models/answer-batch'
import type { CausalNetwork, LoraMap } from '../models/causal-network'
import { pack, uploadPacked } from '../nn/packed'
import { gather } from '../ops/gather'
import { linearLogProb } from '../ops/linear-log-prob'
import { Tape } from '../ops/tape'
import type { Continuation } from './continuations'
import { EvaluationError } from './errors'

export interface ContinuationOptions {
  /** Default: the model as it is. */
  readonly adapter?: LoraMap | null
  /** Tokens of one forward pass; a longer sequence goes alone. */
  readonly batchTokens?: number
  readonly signal?: AbortSignal
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void
}

/** Tokens that are read, and the tokens whose log-probs are asked for, each with the place that predicts it. */
interface Sequence {
  readonly input: readonly number[]
  readonly asked: { readonly place: number; readonly target: number; readonly of: number }[]
}

/**
 * log π(continuation | context) of each, in nats: the sum over the continuation's tokens, in double precision. What is
 * too long for the model's context loses its beginning, as in lm-evaluation-harness. Continuations of the same tokens,
 * such as the letters behind one question, share a sequence.
 *
 * @throws {EvaluationError} for a continuation that is longer than the model's context
 * @throws the signal's reason once it is aborted
 */
export async function continuationLogProbs(
  network: CausalNetwork,
  continuations: readonly Continuation[],
  { adapter = null, batchTokens = 4096, signal, onProgress }: ContinuationOptions = {},
): Promise<Float64Array> {
  const sums = new Float64Array(continuations.length)
  const sequences = sequencesOf(network, continuations)
  sequences.sort((a, b) => a.input.length - b.input.length)
  const total = sequences.reduce((sum, { input }) => sum + input.length, 0)
  for (let begin = 0, done = 0; begin < sequences.length; ) {
    signal?.throwIfAborted()
    let tokens = sequences[begin]!.input.length
    let end = begin + 1
    while (end < sequences.length && tokens + sequences[end]!.input.length <= batchTokens)
      tokens += sequences[end++]!.input.length
    const group = sequences.slice(begin, end)
    const logProbs = await forward(network, group, adapter)
    group
      .flatMap(({ asked }) => asked)
      .forEach(({ of }, r) => {
        sums[of] = sums[of]! + logProbs[r]!
      })
    begin = end
    done += tokens
    onProgress?.(done / total)
  }
  return sums
}

function sequencesOf({ maxPositions }: CausalNetwork, continuations: readonly Continuation[]): Sequence[] {
  const sequences = new Map<string, Sequence>()
  for (const [of, { context, ids }] of continuations.entries()) {
    if (ids.length > maxPositions) {
      throw new EvaluationError(
        `an answer has ${ids.length} tokens, the model's context is ${maxPositions}: take a model with a longer one`,
      )
    }
    // The last token is predicted and never read.
    const input = [...context, ...ids.slice(0, -1)].slice(-maxPositions)
    const key = input.join()
    const sequence = sequences.get(key) ?? { input, asked: [] }
    sequences.set(key, sequence)
    const first = input.length - ids.length
    for (const [t, target] of ids.entries()) sequence.asked.push({ place: first + t, target, of })
  }
  return [...sequences.values()]
}

async function forward(
  network: CausalNetwork,
  group: readonly Sequence[],
  adapter: LoraMap | null,
): Promise<Float32Array> {
  const { gpu } = network
  const tokens = group.reduce((sum, { input }) => sum + input.length, 0)
  const arrays = pack(
    group.map(({ input }) => input),
    roundedSize(tokens),
  )
  const asked = group.flatMap((sequence, s) =>
    sequence.asked.map(({ place, target }) => ({ row: arrays.starts[s]! + place, target })),
  )
  const R = roundedSize(asked.length)
  const rows = new Uint32Array(R).fill(0xffffffff)
  const targets = new Uint32Array(R)
  asked.forEach(({ row, target }, r) => {
    rows[r] = row
    targets[r] = target
  })
  using tape = new Tape(gpu, { grad: false })
  using packed = uploadPacked(gpu, arrays)
  using index = gpu.tensor([R], rows)
  using wanted = gpu.tensor([R], targets)
  const hidden = network.forward(tape, packed, { adapter })
  return await gpu.read(linearLogProb(tape, gather(tape, hidden, index), network.head, wanted))
}
