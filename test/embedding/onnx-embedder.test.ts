import { describe, expect } from 'vitest'
import { type OnnxEmbedder, type OnnxEmbedderOptions, onnxEmbedder } from '../../src/embedding/onnx-embedder'
import type { Gpu } from '../../src/gpu/gpu'
import { type ModelFiles, ModelFilesError } from '../../src/io/model-files'
import { OnnxError } from '../../src/io/onnx-runtime'
import { SentenceModulesError } from '../../src/io/sentence-modules'
import fixture from '../fixtures/onnx-encoder.json'
import { test } from '../gpu'
import { expectClose } from '../numbers'
import { encoderFiles, inNode, runtime } from '../onnx-models'

const { expected } = fixture
const texts = expected.map(({ text }) => text)
const E = 32

const open = (gpu: Gpu, files: ModelFiles, options: OnnxEmbedderOptions = {}) =>
  onnxEmbedder(gpu, files, { device: 'wasm', runtime, ...options })

async function vectorsOf(embedder: OnnxEmbedder, some: readonly string[] = texts): Promise<Float32Array> {
  using vectors = await embedder.embed(some)
  expect(vectors.shape).toEqual([some.length, E])
  return await embedder.gpu.read(vectors)
}

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let [dot, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return dot / Math.sqrt(aa * bb)
}

/** Asserts PyTorch's vectors: cosine ≥ 0.9999, and values to 1e-4 of numbers of the order of one. */
function expectTorch(got: Float32Array, want: readonly (readonly number[])[]): void {
  want.forEach((vector, i) => {
    const mine = got.subarray(i * E, (i + 1) * E)
    expect(cosine(mine, vector), `text ${i}`).toBeGreaterThanOrEqual(0.9999)
    expectClose(mine, vector, { atol: 1e-4, rtol: 1e-4 })
  })
}

describe.each(inNode ? (['wasm'] as const) : (['wasm', 'webgpu'] as const))(
  'onnxEmbedder with %s',
  device => {
    test('gives what PyTorch gives, pooled as the folder says or as asked', async ({ gpu }) => {
      {
        await using embedder = await open(gpu, encoderFiles(), { device })
        expect(embedder.name).toBe('onnx:tiny-bert:fp32:mean:normalized:32')
        expect([embedder.dimensions, embedder.gpu]).toEqual([E, gpu])
        expect(embedder.choices).toEqual([
          { tokens: Number.POSITIVE_INFINITY, backend: device, why: 'as asked for' },
        ])
        const all = await vectorsOf(embedder)
        expectTorch(
          all,
          expected.map(({ mean }) => mean),
        )
        // Which texts are computed together changes no more than rounding.
        const alone = await vectorsOf(embedder, texts.slice(0, 1))
        expectClose(all.subarray(0, E), alone, { atol: 1e-5, rtol: 0 })
        const few = await vectorsOf(embedder, [texts[4]!, texts[0]!])
        expectClose(few.subarray(E), alone, { atol: 1e-5, rtol: 0 })
      }
      // Each session compiles its kernels anew, which takes a software GPU seconds; pooling is tested below.
      for (const pooling of device === 'wasm' ? (['cls', 'last'] as const) : []) {
        await using embedder = await open(gpu, encoderFiles(), { device, pooling, normalize: false })
        expectTorch(
          await vectorsOf(embedder),
          expected.map(row => row[pooling]),
        )
      }
      // The device is ours: it computes on after ONNX Runtime has let go of it.
      await gpu.idle()
      using tensor = gpu.tensor([2], Float32Array.of(1, 2))
      expect([...(await gpu.read(tensor))]).toEqual([1, 2])
    })
  },
)

describe.each(['wasm', 'webgpu'] as const)('a table of token vectors with %s', device => {
  test('is pooled where it lies, whatever is embedded with it', async ({ gpu }) => {
    await using embedder = await open(gpu, encoderFiles('lookup'), { device, normalize: false })
    const all = await vectorsOf(embedder)
    expectTorch(
      all,
      expected.map(({ table }) => table),
    )
    for (const [i, text] of texts.entries()) {
      const alone = await vectorsOf(embedder, [text])
      expectClose(all.subarray(i * E, (i + 1) * E), alone, { atol: 1e-5, rtol: 0 })
    }
    expect(await vectorsOf(embedder, [])).toHaveLength(0)
  })

  test('stops between batches when told, and holds nothing afterwards', async ({ gpu }) => {
    await using embedder = await open(gpu, encoderFiles('lookup'), { device })
    const long = texts.at(-1)!
    const abort = new AbortController()
    const tokens = 32
    // More texts than one batch of 4096 tokens takes.
    const many = new Array<string>((4096 / tokens) * 3).fill(long)
    const first = gpu.counters.dispatches
    using _one = await embedder.embed([long])
    const before = gpu.counters.dispatches
    const running = embedder.embed(many, { signal: abort.signal })
    const reason = new Error('enough')
    // Arrives before the turn of the event loop that stands before the second batch.
    setTimeout(() => abort.abort(reason))
    await expect(running).rejects.toThrow(reason)
    // As many as one batch of one text.
    expect(gpu.counters.dispatches - before).toBe(before - first)
    await expect(embedder.embed([long], { signal: AbortSignal.abort(reason) })).rejects.toThrow(reason)
    using vectors = await embedder.embed([long])
    expect(vectors.shape).toEqual([1, E])
  })

  test('cannot be used once it is disposed', async ({ gpu }) => {
    const embedder = await open(gpu, encoderFiles('lookup'), { device })
    await embedder[Symbol.asyncDispose]()
    await embedder[Symbol.asyncDispose]()
    await expect(embedder.embed(texts)).rejects.toThrow(
      new OnnxError('tiny-bert/onnx/model.onnx: it was disposed before it was run'),
    )
  })
})

describe('options', () => {
  test('name half floats, which are computed as such and come as single ones', async ({ gpu }) => {
    await using embedder = await open(gpu, encoderFiles(), { dtype: 'fp16', normalize: false })
    expect(embedder.name).toBe('onnx:tiny-bert:fp16:mean:32')
    expectTorch(
      await vectorsOf(embedder),
      expected.map(({ table }) => table),
    )
  })

  test('put a prefix before every text, and bound its tokens', async ({ gpu }) => {
    await using whole = await open(gpu, encoderFiles('lookup'))
    await using queries = await open(gpu, encoderFiles('lookup'), { prefix: 'the ' })
    expect(queries.name).toBe('onnx:tiny-bert:fp32:mean:normalized:32:"the "')
    const [text] = texts
    expect(await vectorsOf(queries, ['quick brown'])).toEqual(await vectorsOf(whole, ['the quick brown']))
    // Three tokens: the first of the text between those that stand around every text.
    await using short = await open(gpu, encoderFiles('lookup'), { maxTokens: 3 })
    expect(await vectorsOf(short, [text!])).toEqual(await vectorsOf(whole, ['the']))
    for (const maxTokens of [0, 49, 1.5]) {
      await expect(open(gpu, encoderFiles('lookup'), { maxTokens })).rejects.toThrow(
        new OnnxError(
          `tiny-bert: maxTokens is ${maxTokens}, expected a whole number from 1 to the model's 48 positions`,
        ),
      )
    }
  })

  test('come from the folder where they are not given', async ({ gpu }) => {
    const pooling = (config: object) =>
      encoderFiles('lookup', { '1_Pooling/config.json': JSON.stringify(config) })
    const nameOf = async (files: ModelFiles, options?: OnnxEmbedderOptions) => {
      await using embedder = await open(gpu, files, options)
      return embedder.name
    }
    expect(await nameOf(pooling({ pooling_mode_cls_token: true }))).toContain(':cls:')
    expect(await nameOf(pooling({ pooling_mode: 'lasttoken' }))).toContain(':last:')
    await expect(open(gpu, pooling({ pooling_mode_max_tokens: true }))).rejects.toThrow(
      new SentenceModulesError(
        'tiny-bert/1_Pooling/config.json: the pooling is ["pooling_mode_max_tokens"], expected one of cls, mean and ' +
          'lasttoken. Choose the pooling yourself and leave the file out',
      ),
    )
    expect(await nameOf(pooling({ pooling_mode_max_tokens: true }), { pooling: 'cls' })).toContain(':cls:')
    const modules = (...kinds: readonly string[]) =>
      encoderFiles('lookup', {
        'modules.json': JSON.stringify(kinds.map(kind => ({ path: `1_${kind}`, type: `library.${kind}` }))),
      })
    expect(await nameOf(modules('Transformer', 'Pooling'))).toBe('onnx:tiny-bert:fp32:mean:32')
    await expect(open(gpu, modules('Transformer', 'Dense'))).rejects.toThrow(
      'tiny-bert/modules.json: the modules are ["Transformer","Dense"], expected Transformer, Pooling and Normalize',
    )
    // The prompt that stands before every text unless another is given.
    const prompted = encoderFiles('lookup', {
      'config_sentence_transformers.json': JSON.stringify({
        prompts: { document: 'the ' },
        default_prompt_name: 'document',
      }),
    })
    await using queries = await open(gpu, prompted)
    expect(queries.name).toBe('onnx:tiny-bert:fp32:mean:normalized:32:"the "')
    await using whole = await open(gpu, prompted, { prefix: '' })
    expect(await vectorsOf(queries, ['quick brown'])).toEqual(await vectorsOf(whole, ['the quick brown']))
    const bare = { 'modules.json': null, '1_Pooling/config.json': null, 'sentence_bert_config.json': null }
    expect(await nameOf(encoderFiles('lookup', bare))).toBe('onnx:tiny-bert:fp32:mean:normalized:48')
    await expect(open(gpu, encoderFiles('lookup', { 'modules.json': '{' }))).rejects.toThrow(
      'tiny-bert/modules.json: it is not JSON',
    )
  })

  test('must name a graph that is there', async ({ gpu }) => {
    await expect(open(gpu, encoderFiles('onnx', { 'onnx/model.onnx': null }))).rejects.toThrow(
      new OnnxError(
        'tiny-bert: there is no onnx/model.onnx, model.onnx, onnx/decoder_model_merged.onnx for fp32; there is onnx/model_fp16.onnx (fp16)',
      ),
    )
    await expect(open(gpu, encoderFiles(), { dtype: 'int3' as never })).rejects.toThrow(
      'dtype is "int3", expected one of fp32, fp16, q8, q4, q4f16',
    )
    await expect(open(gpu, encoderFiles('lookup', { 'tokenizer.json': null }))).rejects.toThrow(
      ModelFilesError,
    )
    await expect(open(gpu, encoderFiles('lookup', { 'config.json': null }))).rejects.toThrow(
      new OnnxError('tiny-bert: there is no config.json'),
    )
  })
})
