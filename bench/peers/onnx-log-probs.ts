import type * as Ort from 'onnxruntime-web/webgpu'
import type { LlamaShape } from '../models/llama'
import { type LlamaAttention, type LlamaOutput, llamaGraph } from '../models/llama-graph'
import type { HostWeights } from '../models/random-weights'
import { openOnnxRuntime } from './onnxruntime-library'

/** Log-probs of all tokens of each sequence but the first, in nats. */
export interface LogProbs {
  readonly device: GPUDevice
  readonly version: string
  readonly how: string
  of(sequences: readonly Uint32Array[], batch: number): Promise<Float32Array[]>
  close(): Promise<void>
}

/** ONNX Runtime Web: sequences sorted by length, padded at their ends. Whole logits are read back, or log-probs alone. */
export async function onnxLogProbs(
  shape: LlamaShape,
  weights: HostWeights,
  output: LlamaOutput,
  attention: LlamaAttention,
): Promise<LogProbs> {
  const { ort, device } = await openOnnxRuntime()
  const { graph, data, file } = llamaGraph(shape, weights, output, attention)
  const session = await ort.InferenceSession.create(graph, {
    executionProviders: ['webgpu'],
    externalData: [{ path: file, data }],
    logSeverityLevel: 3,
  })
  const longs = (values: ArrayLike<number>, dims: readonly number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(Array.from(values, BigInt)), dims)

  async function pass(group: readonly Uint32Array[]): Promise<Float32Array[]> {
    const [B, T] = [group.length, group.at(-1)!.length]
    const padded = (from: number) => {
      const values = new Uint32Array(B * T)
      for (const [b, ids] of group.entries()) values.set(ids.subarray(from), b * T)
      return values
    }
    const feeds: Record<string, Ort.Tensor> = { input_ids: longs(padded(0), [B, T]) }
    if (attention === 'GroupQueryAttention') {
      // What stands behind a sequence changes nothing in it: padding counts as tokens.
      feeds.last = new ort.Tensor('int32', new Int32Array(B).fill(T - 1), [B])
      feeds.total = new ort.Tensor('int32', Int32Array.of(T), [])
    }
    if (output === 'log-probs') feeds.targets = longs(padded(1), [B, T, 1])
    const results = await session.run(feeds)
    const values = (output === 'logits' ? results.logits! : results.log_probs!).data as Float32Array
    if (output === 'log-probs') return group.map(({ length }, b) => values.slice(b * T, b * T + length - 1))
    const V = shape.vocabulary
    return group.map((ids, b) =>
      Float32Array.from({ length: ids.length - 1 }, (_, t) =>
        logProb(values.subarray((b * T + t) * V, (b * T + t + 1) * V), ids[t + 1]!),
      ),
    )
  }
  return {
    device,
    version: ort.env.versions.web ?? '',
    how: `${attention}, ${output === 'logits' ? 'logits, log-softmax on the host' : 'log-probs in the graph'}`,
    async of(sequences, batch) {
      const order = [...sequences.keys()].sort((a, b) => sequences[a]!.length - sequences[b]!.length)
      const results: Float32Array[] = new Array(sequences.length)
      for (let begin = 0; begin < order.length; begin += batch) {
        const places = order.slice(begin, begin + batch)
        const made = await pass(places.map(i => sequences[i]!))
        for (const [n, i] of places.entries()) results[i] = made[n]!
      }
      return results
    },
    close: () => session.release(),
  }
}

function logProb(logits: Float32Array, target: number): number {
  let most = Number.NEGATIVE_INFINITY
  for (let v = 0; v < logits.length; v++) if (logits[v]! > most) most = logits[v]!
  let sum = 0
  for (let v = 0; v < logits.length; v++) sum += Math.exp(logits[v]! - most)
  return logits[target]! - most - Math.log(sum)
}
