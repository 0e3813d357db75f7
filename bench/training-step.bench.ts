import { adapterName } from '../src/gpu/adapter-info'
import { openGpu } from '../src/gpu/open-gpu'
import { sft } from '../src/losses/sft'
import { tuneGpu } from '../src/ops/tune-products'
import { adamW } from '../src/training/adamw'
import { fullWeights } from '../src/training/full-weights'
import { layOutExamples } from '../src/training/train-plan'
import { TrainingStepper } from '../src/training/training-stepper'
import { watchGpu } from './harness/gpu-watch'
import { namesIn } from './harness/lists'
import type { Elapsed } from './harness/place'
import { type RandomNumbers, randomNumbers } from './harness/random-numbers'
import { median, significant } from './harness/statistics'
import type { Subject } from './harness/subject'
import { ourVersion } from './harness/versions'
import { type LlamaShape, llamaBlueprint, llamaNetwork, trainingFlops } from './models/llama'
import { type HostWeights, randomWeights } from './models/random-weights'
import { type AdamWSettings, jaxLlama, type TrainedModel } from './peers/jax-llama'

const defaults = {
  vocabulary: 8192,
  hidden: 320,
  intermediate: 864,
  layers: 8,
  heads: 10,
  /** Tokens of a sequence; all but the first are predicted. */
  tokens: 128,
  /** Sequences of a step. */
  batch: 2,
  /** Steps that are timed, after one that compiles. */
  steps: 5,
  /** Names joined by commas, `all` or `none`. */
  peers: 'all',
  seed: 1,
}

/** Largest difference of two losses of the same step, to the loss. */
const ALLOWED = 1e-3
const SETTINGS: AdamWSettings = {
  learningRate: 1e-3,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
}

const peers = { jax: jaxLlama }

/** A step of full training in f32, ours and in jax-js, from the same weights on the same tokens. */
export const trainingStepBench: Subject<typeof defaults> = {
  name: 'training-step',
  what: "a step of training a 12 M-parameter Llama's own weights, beside jax-js",
  defaults,
  async run({ heads, tokens, batch, steps, peers: named, seed, ...sizes }, place) {
    const shape: LlamaShape = { ...sizes, heads, kvHeads: heads, context: tokens, tied: true }
    const entry = await place.gpu()
    const weights = randomWeights(llamaBlueprint(shape).weights, seed)
    const parameters = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0)
    const models = [await ours(entry, shape, weights)]
    for (const name of named === 'none' ? [] : namesIn('peers', named, ['jax'] as const)) {
      models.push(await peers[name](shape, weights, SETTINGS))
    }
    const runs = models.map(model => ({ model, losses: [] as number[], elapsed: [] as Elapsed[] }))
    const random = randomNumbers(seed + 1)
    for (let step = 0; step <= steps; step++) {
      const sequences = Array.from({ length: batch }, () => randomIds(random, tokens, shape.vocabulary))
      // Another begins each step.
      for (let i = 0; i < runs.length; i++) {
        const { model, losses, elapsed } = runs[(i + step) % runs.length]!
        place.progress(`${step === 0 ? 'compiling' : `step ${step} of ${steps}`}: ${model.name}`)
        const stop = place.stopwatch()
        losses.push(await model.step(sequences))
        elapsed.push(stop())
      }
    }
    const flops = trainingFlops(shape, batch, tokens)
    const measured = runs.map(({ model, losses, elapsed: [first, ...timed] }) => {
      const milliseconds = timed.map(one => one.milliseconds)
      const cpu = timed.flatMap(({ cpuSeconds }) => (cpuSeconds === null ? [] : [cpuSeconds]))
      return {
        name: model.name,
        version: model.version,
        how: model.how,
        adapter: adapterName(model.device.adapterInfo),
        milliseconds,
        median: median(milliseconds),
        cpuSeconds: cpu.length > 0 ? median(cpu) : null,
        compileMilliseconds: first!.milliseconds,
        peakBytes: model.peakBytes,
        losses,
      }
    })
    for (const model of models) model.close()
    const [own, ...others] = measured
    const best = Math.min(...others.map(other => other.median))
    return {
      adapter: own!.adapter,
      versions: { ...place.versions, ...Object.fromEntries(others.map(one => [one.name, one.version])) },
      notes: [
        `${significant(parameters / 1e6, 4)} M parameters in f32: ${shape.layers} layers, hidden ${shape.hidden}, MLP ${shape.intermediate}, ${heads} heads, vocabulary ${shape.vocabulary}, output projection tied`,
        `${batch} × ${tokens} tokens a step, forward, backward and AdamW; ${significant(flops / 1e9)} GFLOP`,
        `losses ${own!.losses.map(loss => loss.toFixed(4)).join(', ')}`,
        ...(others.length > 0 ? [`ours is ${significant(best / own!.median)} times as fast`] : []),
      ],
      table: measured.map(one => ({
        contender: one.name,
        way: one.how,
        'median ms': significant(one.median, 4),
        'least–most ms': `${significant(Math.min(...one.milliseconds))}–${significant(Math.max(...one.milliseconds))}`,
        ...(one.cpuSeconds === null ? {} : { 'CPU s': significant(one.cpuSeconds) }),
        'tokens/s': significant((batch * tokens * 1000) / one.median),
        'GFLOP/s': significant(flops / one.median / 1e6),
        'peak MiB': Math.round(one.peakBytes / 2 ** 20),
        ...(others.length > 0 ? { 'of best peer': significant(best / one.median) } : {}),
      })),
      results: {
        parameters,
        flops,
        ratioToBestPeer: others.length > 0 ? best / own!.median : null,
        measured,
      },
      failures: others.flatMap(other => [
        ...differences(other.name, other.losses, own!.losses),
        ...(other.adapter === own!.adapter
          ? []
          : [`${other.name} ran on ${other.adapter}, expected ${own!.adapter}`]),
      ]),
    }
  },
}

async function ours(entry: GPU, shape: LlamaShape, weights: HostWeights): Promise<TrainedModel> {
  const gpu = await openGpu({ entry })
  await tuneGpu(gpu)
  const watch = watchGpu(gpu.device)
  const loss = sft()
  const trained = fullWeights(await llamaNetwork(gpu, shape, weights))
  const optimizer = adamW(SETTINGS).create(trained, { maxGradNorm: null })
  const stepper = new TrainingStepper(trained, {
    ...{ loss, optimizer, live: null },
    ...{ recompute: false, dropout: 0, noise: 0 },
  })
  return {
    name: 'tabtune',
    version: ourVersion,
    how: "train's stepper, replayed",
    device: gpu.device,
    get peakBytes() {
      return watch.peakBytes
    },
    async step(sequences) {
      const examples = sequences.map((ids, index) => ({
        ...{ index, ids, truncated: false },
        mask: new Uint8Array(ids.length).fill(1),
      }))
      const { learningRate } = SETTINGS
      const laid = layOutExamples(loss, examples, null, { seed: 0, epoch: 0 })
      const { terms } = await stepper.step([laid], { learningRate, seed: 0, mismatched: null })
      return terms[0]!
    },
    close() {
      gpu[Symbol.dispose]()
    },
  }
}

/** Ids of which low ones are more frequent, so that there is something to learn. */
const randomIds = ({ uniform }: RandomNumbers, count: number, vocabulary: number) =>
  Uint32Array.from({ length: count }, () => Math.floor(uniform() ** 2 * vocabulary))

function differences(name: string, losses: readonly number[], wanted: readonly number[]): string[] {
  const at = losses.findIndex((loss, step) => !(Math.abs(loss - wanted[step]!) <= ALLOWED * wanted[step]!))
  if (at < 0) return []
  return [`${name}: loss ${losses[at]} in step ${at + 1}, expected ${wanted[at]}`]
}
