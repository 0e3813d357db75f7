import { adapterName } from '../src/gpu/adapter-info'
import { openGpu } from '../src/gpu/open-gpu'
import { openWeights } from '../src/io/model-weights'
import { tokenLogProbs } from '../src/models/token-log-probs'
import { tuneGpu } from '../src/ops/tune-products'
import { namesIn, numbersIn } from './harness/lists'
import type { Place } from './harness/place'
import { randomNumbers } from './harness/random-numbers'
import { median, significant } from './harness/statistics'
import type { Subject } from './harness/subject'
import { ourVersion } from './harness/versions'
import { type LlamaShape, llamaBlueprint, llamaNetwork } from './models/llama'
import type { HostWeights } from './models/random-weights'
import { type LogProbs, onnxLogProbs } from './peers/onnx-log-probs'

const defaults = {
  /** A Llama's folder, of small heads and plain rotary positions. */
  model: 'demo/public/model',
  rows: 64,
  /** Tokens of a row in the mean, from a half to one and a half of them. */
  tokens: 128,
  /** How the peer does it: logits of all tokens and the rest on the host, log-probs in its graph, or all. */
  ways: 'all',
  /** Rows of a pass of the peer: the fastest is taken. */
  batches: '1,4,16',
  /** Times that each runs, in turn. */
  rounds: 3,
  /** Names joined by commas, `all` or `none`. */
  peers: 'all',
  seed: 1,
}

const OUTPUTS = ['logits', 'log-probs'] as const
const ATTENTIONS = ['GroupQueryAttention', 'MatMul, Softmax'] as const

/** Largest difference of two log-probs of the same token, in nats. */
const ALLOWED = 1e-3

/** Scores rows: the log-prob of each token but the first. */
interface Contender {
  readonly name: string
  readonly version: string
  readonly how: string
  readonly device: GPUDevice
  score(sequences: readonly Uint32Array[]): Promise<readonly Float32Array[]>
  close(): void | Promise<void>
}

/** Log-probs of all tokens of rows, what perplexity, IFD and rewards are made of, ours and onnxruntime-web. */
export const causalScoringBench: Subject<typeof defaults> = {
  name: 'causal-scoring',
  what: 'log-probabilities of rows by a causal language model, beside onnxruntime-web',
  defaults,
  async run({ model, rows, tokens, ways, batches, rounds, peers, seed }, place) {
    const entry = await place.gpu()
    const { shape, weights } = await hostModel(place, model)
    const rowsOf = (round: number) => randomRows(rows, tokens, shape.vocabulary, seed + round)
    const contenders = [await ours(entry, shape, weights)]
    const tried: string[] = []
    if (peers !== 'none' && namesIn('peers', peers, ['ort'] as const)) {
      const made = namesIn('ways', ways, OUTPUTS).flatMap(output =>
        ATTENTIONS.map(attention => () => onnxLogProbs(shape, weights, output, attention)),
      )
      const wanted = await contenders[0]!.score(rowsOf(0))
      const peer = await fastest(made, numbersIn('batches', batches), rowsOf(0), wanted, tried, place)
      if (peer) contenders.push(peer)
    }
    const runs = contenders.map(contender => ({
      contender,
      milliseconds: [] as number[],
      cpuSeconds: [] as number[],
      difference: 0,
    }))
    for (let round = 0; round <= rounds; round++) {
      const sequences = rowsOf(round)
      const scored: (readonly Float32Array[])[] = []
      for (let i = 0; i < runs.length; i++) {
        const at = (i + round) % runs.length
        const run = runs[at]!
        place.progress(`${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}: ${run.contender.name}`)
        const stop = place.stopwatch()
        scored[at] = await run.contender.score(sequences)
        const { milliseconds, cpuSeconds } = stop()
        if (round === 0) continue
        run.milliseconds.push(milliseconds)
        if (cpuSeconds !== null) run.cpuSeconds.push(cpuSeconds)
      }
      runs.forEach((run, at) => {
        run.difference = Math.max(run.difference, largestDifference(scored[at]!, scored[0]!))
      })
    }
    const measured = runs.map(({ contender, cpuSeconds, ...run }) => ({
      name: contender.name,
      version: contender.version,
      how: contender.how,
      adapter: adapterName(contender.device.adapterInfo),
      ...run,
      median: median(run.milliseconds),
      cpuSeconds: cpuSeconds.length > 0 ? median(cpuSeconds) : null,
    }))
    for (const contender of contenders) await contender.close()
    const [own, ...others] = measured
    const best = Math.min(...others.map(other => other.median))
    const total = rowsOf(1).reduce((sum, { length }) => sum + length, 0)
    return {
      adapter: own!.adapter,
      versions: { ...place.versions, ...Object.fromEntries(others.map(one => [one.name, one.version])) },
      notes: [
        `${rows} rows of ${tokens} random tokens in the mean, ${model} in f32: log-probs of all tokens, on the host`,
        ...tried,
        ...(others.length > 0 ? [`ours is ${significant(best / own!.median)} times as fast`] : []),
      ],
      table: measured.map(one => ({
        contender: one.name,
        way: one.how,
        'median ms': significant(one.median, 4),
        'least–most ms': `${significant(Math.min(...one.milliseconds))}–${significant(Math.max(...one.milliseconds))}`,
        ...(one.cpuSeconds === null ? {} : { 'CPU s': significant(one.cpuSeconds) }),
        'tokens/s': significant((total * 1000) / one.median),
        'largest difference to ours': one.difference.toExponential(1),
        ...(others.length > 0 ? { 'of best peer': significant(best / one.median) } : {}),
      })),
      results: { total, ratioToBestPeer: others.length > 0 ? best / own!.median : null, measured },
      failures: others.flatMap(other => [
        ...(other.difference <= ALLOWED
          ? []
          : [`${other.name}: a log-prob differs by ${other.difference}, expected at most ${ALLOWED}`]),
        ...(other.adapter === own!.adapter
          ? []
          : [`${other.name} ran on ${other.adapter}, expected ${own!.adapter}`]),
      ]),
    }
  },
}

/** The way of the peer that scores `rows` soonest, of those whose log-probs are `wanted`. */
async function fastest(
  ways: readonly (() => Promise<LogProbs>)[],
  batches: readonly number[],
  rows: readonly Uint32Array[],
  wanted: readonly Float32Array[],
  notes: string[],
  place: Place,
): Promise<Contender | null> {
  let best: { readonly contender: Contender; readonly time: number } | null = null
  for (const open of ways) {
    const peer = await open()
    let isUsed = false
    for (const batch of batches) {
      const how = `${peer.how}, batches of ${batch}`
      place.progress(`onnxruntime-web: ${how}`)
      const difference = largestDifference(await peer.of(rows, batch), wanted)
      if (!(difference <= ALLOWED)) {
        notes.push(`onnxruntime-web, ${how}: left out, a log-prob differs by ${difference.toExponential(1)}`)
        continue
      }
      const stop = place.stopwatch()
      await peer.of(rows, batch)
      const time = stop().milliseconds
      notes.push(`onnxruntime-web, ${how}: ${significant(time)} ms`)
      if (best && best.time <= time) continue
      if (!isUsed) await best?.contender.close()
      isUsed = true
      const contender: Contender = {
        ...{ name: 'onnxruntime-web', version: peer.version, how, device: peer.device },
        score: sequences => peer.of(sequences, batch),
        close: peer.close,
      }
      best = { contender, time }
    }
    if (!isUsed) await peer.close()
  }
  return best?.contender ?? null
}

async function ours(entry: GPU, shape: LlamaShape, weights: HostWeights): Promise<Contender> {
  const gpu = await openGpu({ entry })
  await tuneGpu(gpu)
  const network = await llamaNetwork(gpu, shape, weights)
  return {
    name: 'tabtune',
    version: ourVersion,
    how: 'tokenLogProbs, sorted and packed',
    device: gpu.device,
    score: sequences =>
      tokenLogProbs(
        network,
        sequences.map(ids => ({ ids, answerBegin: 1 })),
      ),
    close() {
      network[Symbol.dispose]()
      gpu[Symbol.dispose]()
    },
  }
}

/** The shape and weights of a Llama's folder. */
async function hostModel(place: Place, path: string) {
  const files = place.folder(path)
  const config: Readonly<Record<string, number>> = JSON.parse(await files.text('config.json'))
  const shape: LlamaShape = {
    vocabulary: config.vocab_size!,
    hidden: config.hidden_size!,
    intermediate: config.intermediate_size!,
    layers: config.num_hidden_layers!,
    heads: config.num_attention_heads!,
    kvHeads: config.num_key_value_heads!,
    context: config.max_position_embeddings!,
    tied: Boolean(config.tie_word_embeddings),
  }
  const stored = await openWeights(files)
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>()
  for (const [name, spec] of llamaBlueprint(shape).weights)
    weights.set(name, { shape: spec.shape, data: await stored.read(name) })
  return { shape, weights }
}

function randomRows(rows: number, tokens: number, vocabulary: number, seed: number): Uint32Array[] {
  const { uniform } = randomNumbers(seed)
  return Array.from({ length: rows }, () => {
    const length = Math.max(2, Math.round(tokens * (0.5 + uniform())))
    return Uint32Array.from({ length }, () => Math.floor(uniform() * vocabulary))
  })
}

function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let most = 0
  a.forEach((values, i) => {
    values.forEach((value, t) => {
      const difference = Math.abs(value - b[i]![t]!)
      most = difference <= most ? most : Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY
    })
  })
  return most
}
