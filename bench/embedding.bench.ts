import { encoderEmbedder } from '../src/embedding/encoder-embedder'
import { adapterName } from '../src/gpu/adapter-info'
import { openGpu } from '../src/gpu/open-gpu'
import { filesFromList, type ModelFiles } from '../src/io/model-files'
import { loadEncoder } from '../src/models/load-encoder'
import { tuneGpu } from '../src/ops/tune-products'
import { watchGpu } from './harness/gpu-watch'
import { namesIn, numbersIn } from './harness/lists'
import type { Place } from './harness/place'
import { median, significant } from './harness/statistics'
import type { Subject } from './harness/subject'
import { ourVersion } from './harness/versions'
import { bertWeights, encoderFiles, miniLm } from './models/bert'
import { BERT_GRAPHS, type BertGraph } from './models/bert-graph'
import { generatedTexts, textsOf } from './models/texts'
import { MODEL, openTransformers } from './peers/transformers-library'

const defaults = {
  rows: 999,
  /** An instruction file in JSON, whose first rows are embedded; '' for generated texts of lengths as in such files. */
  data: '',
  /** A folder of an encoder with `onnx/model.onnx`; '' for one of all-MiniLM-L6-v2's shape with random weights. */
  model: '',
  /** How the ONNX graph of random weights is written: some of exported, fused, fused-attention; all to take the fastest. */
  graph: 'all',
  /** Texts of one pass of the peer: the fastest is taken. Texts are sorted by length before. */
  batches: '1,4,16,64',
  /** Parts that the rows are dealt to: contenders take turns after each. */
  parts: 4,
  /** Names joined by commas, `all` or `none`. */
  peers: 'all',
  seed: 1,
}

/** Least cosine of two vectors of the same text. */
const ALLOWED = 0.9999

/** Embeds texts, one row of the result each. */
interface TextEncoder {
  readonly name: string
  readonly version: string
  readonly how: string
  readonly device: GPUDevice
  readonly peakBytes: number
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>
  close(): void | Promise<void>
}

/** Texts to vectors by an encoder of the BERT family, ours and transformers.js. */
export const embeddingBench: Subject<typeof defaults> = {
  name: 'embedding',
  what: 'texts to vectors by an encoder of all-MiniLM-L6-v2’s shape, beside transformers.js',
  defaults,
  async run({ rows, data, model, graph, batches, parts, peers, seed }, place) {
    const texts = data === '' ? generatedTexts(rows, seed) : await textsOf(place, data, rows)
    const ways = model === '' ? namesIn('graph', graph, BERT_GRAPHS) : []
    const filesOf = (way: BertGraph) =>
      model === '' ? filesFromList(randomModel(texts, way, seed), 'random') : place.folder(model)
    const dealt = deal(texts, parts)

    const entry = await place.gpu()
    const tried: string[] = []
    const withPeer = peers !== 'none' && namesIn('peers', peers, ['transformers'] as const).length > 0
    // Before ours, whose tokenizer would import its package.
    if (withPeer) await openTransformers()
    const contenders = [await ours(entry, filesOf('exported'))]
    // Compiles, too.
    const wanted = await contenders[0]!.embed(dealt[0]!)
    if (withPeer) {
      const named = ways.length > 0 ? ways : (['exported'] as const)
      const all = named.map(way => ({ way: model === '' ? way : 'its own', files: () => filesOf(way) }))
      const peer = await fastest(place, all, numbersIn('batches', batches), dealt[0]!, wanted, tried)
      if (peer) contenders.push(peer)
    }

    const runs = contenders.map(contender => ({
      contender,
      milliseconds: [] as number[],
      cpuSeconds: [] as number[],
      vectors: [] as Float32Array[],
    }))
    for (const [part, own] of dealt.entries()) {
      for (let i = 0; i < runs.length; i++) {
        const run = runs[(i + part) % runs.length]!
        place.progress(`part ${part + 1} of ${dealt.length}: ${run.contender.name}`)
        const stop = place.stopwatch()
        run.vectors.push(...(await run.contender.embed(own)))
        const { milliseconds, cpuSeconds } = stop()
        run.milliseconds.push(milliseconds)
        if (cpuSeconds !== null) run.cpuSeconds.push(cpuSeconds)
      }
    }
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
    const measured = runs.map(({ contender, milliseconds, cpuSeconds, vectors }) => ({
      name: contender.name,
      version: contender.version,
      how: contender.how,
      adapter: adapterName(contender.device.adapterInfo),
      milliseconds,
      total: sum(milliseconds),
      cpuSeconds: cpuSeconds.length > 0 ? sum(cpuSeconds) : null,
      peakBytes: contender.peakBytes,
      leastCosine: leastCosine(vectors, runs[0]!.vectors),
    }))
    for (const contender of contenders) await contender.close()
    const [own, ...others] = measured
    const best = Math.min(...others.map(other => other.total))
    return {
      adapter: own!.adapter,
      versions: { ...place.versions, ...Object.fromEntries(others.map(one => [one.name, one.version])) },
      notes: [
        `${texts.length} texts${data === '' ? ', generated' : ` of ${data}`}, of ${median(texts.map(text => text.length))} characters in the median; ${model === '' ? "random weights in all-MiniLM-L6-v2's shape" : model}, f32, mean of all tokens at length 1`,
        `dealt to ${dealt.length} parts, contenders take turns`,
        ...tried,
        ...(others.length > 0 ? [`ours is ${significant(best / own!.total)} times as fast`] : []),
      ],
      table: measured.map(one => ({
        contender: one.name,
        way: one.how,
        seconds: significant(one.total / 1000),
        'least–most s a part': `${significant(Math.min(...one.milliseconds) / 1000)}–${significant(Math.max(...one.milliseconds) / 1000)}`,
        ...(one.cpuSeconds === null ? {} : { 'CPU s': significant(one.cpuSeconds) }),
        'texts/s': significant((texts.length * 1000) / one.total),
        'peak MiB': Math.round(one.peakBytes / 2 ** 20),
        'least cosine to ours': one.leastCosine.toFixed(7),
        ...(others.length > 0 ? { 'of best peer': significant(best / one.total) } : {}),
      })),
      results: {
        texts: texts.length,
        ratioToBestPeer: others.length > 0 ? best / own!.total : null,
        measured,
      },
      failures: others.flatMap(other => [
        ...(other.leastCosine >= ALLOWED
          ? []
          : [`${other.name}: a cosine to ours is ${other.leastCosine}, expected ${ALLOWED}`]),
        ...(other.adapter === own!.adapter
          ? []
          : [`${other.name} ran on ${other.adapter}, expected ${own!.adapter}`]),
      ]),
    }
  },
}

function randomModel(texts: readonly string[], way: BertGraph, seed: number): Map<string, Blob> {
  return encoderFiles(miniLm, bertWeights(miniLm, seed), texts, way)
}

/** Every n-th text together, so that all parts are alike. */
const deal = (texts: readonly string[], parts: number) =>
  Array.from({ length: Math.min(parts, texts.length) }, (_, part) =>
    texts.filter((_, i) => i % parts === part),
  )

async function ours(entry: GPU, files: ModelFiles): Promise<TextEncoder> {
  const gpu = await openGpu({ entry })
  await tuneGpu(gpu)
  const watch = watchGpu(gpu.device)
  const encoder = await loadEncoder(gpu, files)
  const embedder = encoderEmbedder(encoder)
  return {
    name: 'tabtune',
    version: ourVersion,
    how: 'encoderEmbedder, sorted and packed',
    device: gpu.device,
    get peakBytes() {
      return watch.peakBytes
    },
    async embed(texts) {
      using vectors = await embedder.embed(texts)
      const values = await gpu.read(vectors)
      return texts.map((_, i) => values.slice(i * embedder.dimensions, (i + 1) * embedder.dimensions))
    },
    close() {
      encoder[Symbol.dispose]()
      gpu[Symbol.dispose]()
    },
  }
}

interface Way {
  readonly way: string
  files(): ModelFiles
}

/** transformers.js with the graph and the batch size that embed `texts` soonest, of those that give `wanted`. */
async function fastest(
  place: Place,
  ways: readonly Way[],
  batches: readonly number[],
  texts: readonly string[],
  wanted: readonly Float32Array[],
  notes: string[],
): Promise<TextEncoder | null> {
  let best: { readonly encoder: TextEncoder; readonly time: number } | null = null
  for (const { way, files } of ways) {
    const own = await transformersEncoder(files())
    let isUsed = false
    let encoder = own(1, way)
    for (const batch of batches) {
      encoder = own(batch, way)
      const name = `transformers.js, ${encoder.how}`
      place.progress(name)
      const least = leastCosine(await encoder.embed(texts), wanted)
      if (!(least >= ALLOWED)) {
        notes.push(`${name}: left out, a cosine to ours is ${least.toFixed(5)}`)
        continue
      }
      const stop = place.stopwatch()
      await encoder.embed(texts)
      const time = stop().milliseconds
      notes.push(`${name}: ${significant(time / 1000)} s for ${texts.length} texts`)
      if (best && best.time <= time) continue
      if (!isUsed) await best?.encoder.close()
      isUsed = true
      best = { encoder, time }
    }
    if (!isUsed) await encoder.close()
  }
  return best?.encoder ?? null
}

async function transformersEncoder(files: ModelFiles) {
  const library = await openTransformers()
  const { module, version, device } = library
  const watch = watchGpu(device)
  const extract = await module.pipeline('feature-extraction', MODEL, await library.options(files))
  const encoder = (batch: number, way: string): TextEncoder => ({
    name: 'transformers.js',
    version,
    how: `${way} graph, batches of ${batch}`,
    device,
    get peakBytes() {
      return watch.peakBytes
    },
    async embed(texts) {
      const order = [...texts.keys()].sort((a, b) => texts[a]!.length - texts[b]!.length)
      const vectors: Float32Array[] = new Array(texts.length)
      for (let begin = 0; begin < order.length; begin += batch) {
        const places = order.slice(begin, begin + batch)
        const output = await extract(
          places.map(i => texts[i]!),
          { pooling: 'mean', normalize: true },
        )
        const E = output.dims.at(-1)!
        const values = output.data as Float32Array
        for (const [n, i] of places.entries()) vectors[i] = values.slice(n * E, (n + 1) * E)
      }
      return vectors
    },
    async close() {
      await extract.dispose()
    },
  })
  return encoder
}

const leastCosine = (vectors: readonly Float32Array[], wanted: readonly Float32Array[]) =>
  Math.min(...vectors.map((x, i) => cosine(x, wanted[i]!)))

function cosine(x: Float32Array, y: Float32Array): number {
  let [xy, xx, yy] = [0, 0, 0]
  for (let e = 0; e < x.length; e++) {
    xy += x[e]! * y[e]!
    xx += x[e]! ** 2
    yy += y[e]! ** 2
  }
  return xy / Math.sqrt(xx * yy)
}
