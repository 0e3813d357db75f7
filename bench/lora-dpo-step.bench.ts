import type { Gpu } from '../src/gpu/gpu'
import { openGpu } from '../src/gpu/open-gpu'
import { dpo } from '../src/losses/dpo'
import type { CausalNetwork } from '../src/models/causal-network'
import { namedStorages } from '../src/models/named-storages'
import { tuneGpu } from '../src/ops/tune-products'
import { adamW } from '../src/training/adamw'
import type { EncodedPair } from '../src/training/encode-pairs'
import { LoraAdapter } from '../src/training/lora-adapter'
import { startingLogProbs } from '../src/training/reference'
import { layOutExamples } from '../src/training/train-plan'
import { TrainingStepper } from '../src/training/training-stepper'
import type { Contender } from './harness/contender'
import { watchGpu } from './harness/gpu-watch'
import { randomNumbers } from './harness/random-numbers'
import { median, significant } from './harness/statistics'
import type { Subject } from './harness/subject'
import { openTorch } from './harness/torch'
import { ourVersion } from './harness/versions'
import { type LlamaShape, llamaBlueprint, llamaNetwork, weightCount } from './models/llama'
import { randomWeights } from './models/random-weights'

/** SmolLM2-135M's, and one that a processor can train. */
const SHAPES = {
  card: {
    layers: 30,
    hidden: 576,
    intermediate: 1536,
    heads: 9,
    'kv-heads': 3,
    vocabulary: 49152,
    tokens: 512,
    pairs: 4,
  },
  processor: {
    layers: 4,
    hidden: 128,
    intermediate: 344,
    heads: 4,
    'kv-heads': 2,
    vocabulary: 2048,
    tokens: 64,
    pairs: 2,
  },
}

const defaults = {
  ...{ layers: 0, hidden: 0, intermediate: 0, heads: 0, 'kv-heads': 0, vocabulary: 0 },
  /** Of a sequence, the first half of them prompt. All of these: 0 for SmolLM2-135M's, or less on a software adapter. */
  tokens: 0,
  pairs: 0,
  rank: 16,
  /** How ours stores the weights that are not trained: f32, f16, int8 or int4. */
  storage: 'f32',
  /** Whether ours computes each layer again in the backward pass. */
  recompute: false,
  /** Steps that are timed, after one that compiles. */
  steps: 5,
  seed: 1,
  /** Python with PyTorch; `auto` for python3 where the adapter is NVIDIA's, `none` for never. */
  torch: 'auto',
  'torch-device': 'cuda',
}

const LEARNING_RATE = 1e-4

/** A step of LoRA-DPO on all linear layers, with cached reference log-probs; on NVIDIA's cards beside PyTorch. */
export const loraDpoStepBench: Subject<typeof defaults> = {
  name: 'lora-dpo-step',
  what: 'a step of LoRA-DPO of a SmolLM2-135M shape, beside PyTorch where the adapter is NVIDIA’s',
  defaults,
  async run(options, place) {
    const gpu = await openGpu({ entry: await place.gpu() })
    await tuneGpu(gpu)
    const watch = watchGpu(gpu.device)
    const sizes = { ...(gpu.software ? SHAPES.processor : SHAPES.card) }
    for (const name of Object.keys(sizes) as (keyof typeof sizes)[])
      if (options[name] > 0) sizes[name] = options[name]
    const { tokens, pairs, 'kv-heads': kvHeads, ...rest } = sizes
    const shape: LlamaShape = { ...rest, kvHeads, context: tokens, tied: true }
    const prompt = tokens / 2
    const { uniform } = randomNumbers(options.seed + 1)
    const ids = Array.from({ length: 2 * pairs }, () =>
      Uint32Array.from({ length: tokens }, () => Math.floor(uniform() * shape.vocabulary)),
    )
    // The sides of a pair have their prompt in common.
    for (let s = 0; s < ids.length; s += 2) ids[s + 1]!.set(ids[s]!.subarray(0, prompt))

    place.progress('making weights')
    const network = await randomNetwork(gpu, shape, options.storage, options.seed)
    const ours = await stepper(network, ids, prompt, options)
    const notes: string[] = []
    const torch = await openTorch(place, gpu.adapter.vendor, options, notes)
    const settings = {
      ...{ layers: shape.layers, hidden: shape.hidden, intermediate: shape.intermediate },
      ...{ heads: shape.heads, kvHeads, vocabulary: shape.vocabulary, tokens, prompt },
      ...{ rank: options.rank, learningRate: LEARNING_RATE, seed: options.seed },
    }
    const peers = torch ? await torch.contenders({ op: 'lora-dpo-step', settings }) : []
    const inputs = {
      ids: { shape: [ids.length, tokens], data: Int32Array.from(ids.flatMap(sequence => [...sequence])) },
      like: { shape: [1], data: new Float32Array(1) },
    }
    for (const peer of peers) await peer.load(inputs)
    const runs = [
      {
        name: 'tabtune',
        how: `${options.storage}${options.recompute ? ', recomputed' : ''}`,
        step: ours.step,
      },
      ...peers.map(peer => ({ name: peer.name, how: peer.how, step: () => peerStep(peer) })),
    ].map(run => ({ ...run, losses: [] as number[], milliseconds: [] as number[], peak: 0 }))
    try {
      for (let step = 0; step <= options.steps; step++) {
        for (const run of runs) {
          place.progress(
            `${step === 0 ? 'compiling' : `step ${step} of ${options.steps}`}: ${run.name} ${run.how}`,
          )
          const start = performance.now()
          const { loss, peak } = await run.step()
          const time = performance.now() - start
          if (step > 0) run.milliseconds.push(time)
          run.losses.push(loss)
          run.peak = peak ?? watch.peakBytes / 2 ** 20
        }
      }
    } finally {
      for (const peer of peers) await peer.close()
      torch?.close()
    }
    const adapter = gpu.adapterName
    gpu[Symbol.dispose]()
    const measured = runs.map(({ step: _, ...run }) => ({ ...run, median: median(run.milliseconds) }))
    const [own] = measured
    const total = ids.length * tokens
    return {
      adapter,
      versions: { ...place.versions, tabtune: ourVersion, ...torch?.versions },
      notes: [
        `${significant(weightCount(shape) / 1e6)} M weights: ${shape.layers} layers, hidden ${shape.hidden}, MLP ${shape.intermediate}, ${shape.heads} heads, ${kvHeads} key-value heads, vocabulary ${shape.vocabulary}, tied; rank ${options.rank} on all linear layers`,
        `${pairs} pairs of 2 × ${tokens} tokens, half of them prompt; reference log-probs cached`,
        ...notes,
        ...measured
          .slice(1)
          .map(
            ({ name, how, median: time }) =>
              `ours takes ${significant(own!.median / time)} of the time of ${name} ${how}`,
          ),
      ],
      table: measured.map(run => ({
        contender: run.name,
        way: run.how,
        'median ms': significant(run.median, 4),
        'least–most ms': `${significant(Math.min(...run.milliseconds))}–${significant(Math.max(...run.milliseconds))}`,
        'tokens/s': significant((total * 1000) / run.median),
        'peak MiB': run.peak > 0 ? Math.round(run.peak) : '',
        'first loss': significant(run.losses[0]!, 5),
        'last loss': significant(run.losses.at(-1)!, 5),
      })),
      results: { shape, tokens, pairs, rank: options.rank, measured },
      failures: measured.flatMap(({ name, how, losses }) => lossFailures(`${name} ${how}`, losses)),
    }
  },
}

async function randomNetwork(
  gpu: Gpu,
  shape: LlamaShape,
  storage: string,
  seed: number,
): Promise<CausalNetwork> {
  const format = namedStorages[storage as keyof typeof namedStorages]
  if (!format) throw new Error(`--storage is ${storage}, expected ${Object.keys(namedStorages).join(', ')}`)
  return llamaNetwork(gpu, shape, randomWeights(llamaBlueprint(shape).weights, seed), format)
}

interface StepMade {
  readonly loss: number
  /** MiB; null where `watchGpu` knows. */
  readonly peak: number | null
}

async function stepper(
  network: CausalNetwork,
  ids: readonly Uint32Array[],
  prompt: number,
  { rank, recompute, seed }: typeof defaults,
) {
  const adapter = LoraAdapter.create(network, { rank, seed })
  const loss = dpo()
  const pairs = Array.from({ length: ids.length / 2 }, (_, index): EncodedPair => {
    const [chosen, rejected] = [0, 1].map(side => ({ ids: ids[2 * index + side]!, answerBegin: prompt }))
    return { index, chosen: chosen!, rejected: rejected!, truncated: false }
  })
  const references = await startingLogProbs(adapter, pairs)
  network.gpu.trim()
  const optimizer = adamW().create(adapter, { maxGradNorm: null })
  const steps = new TrainingStepper(adapter, {
    ...{ loss, optimizer, live: null, recompute },
    ...{ dropout: 0, noise: 0 },
  })
  return {
    async step(): Promise<StepMade> {
      const laid = layOutExamples(loss, pairs, references, { seed: 0, epoch: 0 })
      const { terms } = await steps.step([laid], { learningRate: LEARNING_RATE, seed: 0, mismatched: null })
      return { loss: terms[0]!, peak: null }
    },
  }
}

async function peerStep(peer: Contender): Promise<StepMade> {
  await peer.run(1)
  const { loss, peak } = await peer.read()
  return { loss: loss!.data[0]!, peak: peak!.data[0]! }
}

/** An adapter that changes nothing prefers neither answer; each step on the same pairs prefers the chosen ones more. */
function lossFailures(name: string, losses: readonly number[]): string[] {
  const [first] = losses
  if (!losses.every(Number.isFinite)) return [`${name}: losses ${losses.join(', ')}, expected finite ones`]
  return [
    ...(Math.abs(first! - Math.LN2) <= 1e-3 ? [] : [`${name}: the first loss is ${first}, expected ln 2`]),
    ...(losses.at(-1)! < first! ? [] : [`${name}: the loss went from ${first} to ${losses.at(-1)}`]),
  ]
}
