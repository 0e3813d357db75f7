import { InferenceSession, Tensor } from 'onnxruntime-web'
import { describe, expect } from 'vitest'
import { bertConfig, bertWeights, encoderFiles } from '../../../bench/models/bert'
import { BERT_GRAPHS, bertGraph } from '../../../bench/models/bert-graph'
import { type LlamaShape, llamaBlueprint, llamaNetwork } from '../../../bench/models/llama'
import { llamaGraph } from '../../../bench/models/llama-graph'
import { randomWeights } from '../../../bench/models/random-weights'
import { generatedTexts } from '../../../bench/models/texts'
import { filesFromList } from '../../../src/io/model-files'
import { loadEncoder } from '../../../src/models/load-encoder'
import { tokenLogProbs } from '../../../src/models/token-log-probs'
import { uploadPacked } from '../../../src/nn/packed'
import { Tape } from '../../../src/ops/tape'
import { test } from '../../gpu'

const longs = (values: readonly number[], dims: readonly number[]) =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), dims)

/** Runs a graph of one sequence in WebAssembly. */
async function run(
  { graph, data, file }: { graph: Uint8Array; data: Uint8Array; file: string },
  feeds: Record<string, Tensor>,
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(graph, { externalData: [{ path: file, data }] })
  const outputs = await session.run(feeds)
  await session.release()
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]))
}

/** Sums of tens of f32 products of about one: some 10⁻⁷ each. */
const DIGITS = 4

describe('a random encoder', () => {
  const shape = { vocabulary: 300, hidden: 32, intermediate: 64, layers: 2, heads: 4, positions: 64 }
  const weights = bertWeights(shape, 1)
  const texts = generatedTexts(8, 1).map(text => text.split(' ').slice(0, 12).join(' '))

  test('is loaded, and knows its texts', async ({ gpu }) => {
    const files = filesFromList(encoderFiles(shape, weights, texts, 'exported'), 'random')
    using encoder = await loadEncoder(gpu, files)
    expect(bertConfig(shape).model_type).toBe(encoder.network.architecture)
    const unknown = encoder.tokenizer.tokenId('[UNK]')
    for (const text of texts) expect(encoder.tokenizer.encode(text)).not.toContain(unknown)
    expect(encoder.modules.maxTokens).toBe(256)
  })

  test('gives the same states in ONNX, however it is written', async ({ gpu }) => {
    const files = filesFromList(encoderFiles(shape, weights, texts, 'exported'), 'random')
    using encoder = await loadEncoder(gpu, files)
    const { network, tokenizer } = encoder
    const ids = tokenizer.encode(texts[0]!)
    using tape = new Tape(gpu, { grad: false })
    using packed = uploadPacked(gpu, network.pack!([ids]))
    const states = await gpu.read(network.forward(tape, packed))
    const T = ids.length
    for (const way of BERT_GRAPHS) {
      const { last_hidden_state: found } = await run(bertGraph(shape, weights, way), {
        // What stands behind a sequence must change nothing in it.
        input_ids: longs([...ids, 7, 7], [1, T + 2]),
        attention_mask: longs([...ids.map(() => 1), 0, 0], [1, T + 2]),
        token_type_ids: longs(Array(T + 2).fill(0), [1, T + 2]),
      })
      for (const [i, state] of states.entries()) expect(found![i]).toBeCloseTo(state, DIGITS)
    }
  })
})

describe('a random Llama', () => {
  const shape: LlamaShape = {
    ...{ vocabulary: 61, hidden: 64, intermediate: 96, layers: 2, heads: 4, kvHeads: 2 },
    ...{ context: 32, tied: true },
  }
  const weights = randomWeights(llamaBlueprint(shape).weights, 2)
  const ids = Array.from({ length: 12 }, (_, t) => (t * 17 + 5) % shape.vocabulary)

  test('gives the same log-probs in ONNX', async ({ gpu }) => {
    using network = await llamaNetwork(gpu, shape, weights)
    const [wanted] = await tokenLogProbs(network, [{ ids: Uint32Array.from(ids), answerBegin: 1 }])
    const input_ids = longs(ids, [1, ids.length])
    const targets = longs([...ids.slice(1), 0], [1, ids.length, 1])
    const fused = {
      last: new Tensor('int32', Int32Array.of(ids.length - 1), [1]),
      total: new Tensor('int32', Int32Array.of(ids.length), []),
    }
    for (const attention of ['GroupQueryAttention', 'MatMul, Softmax'] as const) {
      const feeds = { input_ids, ...(attention === 'GroupQueryAttention' ? fused : {}) }
      const graph = llamaGraph(shape, weights, 'log-probs', attention)
      const { log_probs: found } = await run(graph, { ...feeds, targets })
      for (const [t, value] of wanted!.entries()) expect(found![t]).toBeCloseTo(value, DIGITS)
      const { logits } = await run(llamaGraph(shape, weights, 'logits', attention), feeds)
      expect(logits).toHaveLength(ids.length * shape.vocabulary)
    }
  })
})
