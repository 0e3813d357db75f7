import type { LoraMap } from '../nn/linear'
import { uploadPacked } from '../nn/packed'
import { gather } from '../ops/gather'
import { linearLogProb } from '../ops/linear-log-prob'
import { Tape } from '../ops/tape'
import { answerBatch, type EncodedAnswer } from './answer-batch'
import type { CausalNetwork } from './causal-network'

/**
 * Log-probs of every answer token of some answers, in nats: one forward pass over all of them, no gradient.
 *
 * @throws {ModelError} for an answer that begins with its first token
 */
export async function logProbsOf(
  network: CausalNetwork,
  answers: readonly EncodedAnswer[],
  { adapter = null }: { readonly adapter?: LoraMap | null } = {},
): Promise<Float32Array[]> {
  const { gpu } = network
  const batch = answerBatch(answers)
  using tape = new Tape(gpu, { grad: false })
  using packed = uploadPacked(gpu, { ...batch, starts: [] })
  using index = gpu.tensor([batch.index.length], batch.index)
  using targets = gpu.tensor([batch.targets.length], batch.targets)
  const hidden = network.forward(tape, packed, { adapter })
  const logProbs = await gpu.read(linearLogProb(tape, gather(tape, hidden, index), network.head, targets))
  return batch.spans.map(span => logProbs.slice(...span))
}

export interface TokenLogProbOptions {
  readonly adapter?: LoraMap | null
  /** Tokens of one forward pass; a longer sequence goes alone. */
  readonly batchTokens?: number
  readonly signal?: AbortSignal
  /** Called with the share of the tokens that is done. */
  readonly onProgress?: (fraction: number) => void
}

/**
 * Log-probs of every answer token, in nats, an array for each answer in order. Sequences are packed by length, so that
 * a pass is full; what an answer gets does not depend on the others, not in its last bit: every kernel computes a
 * token from its own sequence alone, in the same order wherever it lies.
 *
 * @throws the signal's reason once it is aborted
 */
export async function tokenLogProbs(
  network: CausalNetwork,
  answers: readonly EncodedAnswer[],
  { adapter = null, batchTokens = 4096, signal, onProgress }: TokenLogProbOptions = {},
): Promise<Float32Array[]> {
  const results: Float32Array[] = answers.map(() => new Float32Array(0))
  const length = (i: number) => answers[i]!.ids.length
  const order = answers.map((_, i) => i).sort((a, b) => length(a) - length(b) || a - b)
  const total = answers.reduce((sum, { ids }) => sum + ids.length, 0)
  for (let begin = 0, done = 0; begin < order.length; ) {
    signal?.throwIfAborted()
    let tokens = length(order[begin]!)
    let end = begin + 1
    while (end < order.length && tokens + length(order[end]!) <= batchTokens) tokens += length(order[end++]!)
    const group = order.slice(begin, end)
    const logProbs = await logProbsOf(
      network,
      group.map(i => answers[i]!),
      { adapter },
    )
    group.forEach((i, n) => {
      results[i] = logProbs[n]!
    })
    begin = end
    done += tokens
    onProgress?.(done / total)
  }
  return results
}
