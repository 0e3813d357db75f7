import type { Gpu } from '../src/gpu/gpu'
import { openGpu } from '../src/gpu/open-gpu'
import { sft } from '../src/losses/sft'
import { planNetwork } from '../src/models/plan-model'
import { tokenLogProbs } from '../src/models/token-log-probs'
import { f32 } from '../src/ops/format-f32'
import { tuneGpu } from '../src/ops/tune-products'
import { adamW } from '../src/training/adamw'
import { estimateTraining } from '../src/training/estimate-training'
import type { EncodedSequence } from '../src/training/examples'
import { LoraAdapter } from '../src/training/lora-adapter'
import { layOutExamples } from '../src/training/train-plan'
import { TrainingStepper } from '../src/training/training-stepper'
import { exponent } from './harness/exponent'
import { namesIn } from './harness/lists'
import { type RandomNumbers, randomNumbers } from './harness/random-numbers'
import { significant } from './harness/statistics'
import type { Subject } from './harness/subject'
import { type LlamaShape, llamaBlueprint, llamaNetwork } from './models/llama'
import { randomWeights } from './models/random-weights'

const AXES = ['tokens', 'length', 'rows', 'vocabulary', 'rank', 'layers'] as const
type Axis = (typeof AXES)[number]

const defaults = {
  /** Some of tokens (more sequences of one length), length (of one sequence), rows, vocabulary, rank, layers; or all. */
  axes: 'all',
  /** How often what is varied is doubled. */
  doublings: 4,
  /** Times that each size runs; the least counts. */
  rounds: 3,
  /** What everything else is: heads are of 32. */
  hidden: 64,
  intermediate: 172,
  seed: 1,
}

/** Most that the exponent of memory may be where it is linear; more than one by what is rounded up. */
const ALLOWED = 1.1

/** One size of one axis. */
interface Size {
  readonly shape: LlamaShape
  readonly sequences: number
  readonly tokens: number
  readonly rank: number
}

/** What an axis starts at, and what is expected of the time; memory is linear at most for all. */
const STARTS: Readonly<Record<Axis, { readonly least: number; readonly time: string }>> = {
  tokens: { least: 128, time: 'linear' },
  length: { least: 64, time: 'quadratic where attention outweighs the rest' },
  rows: { least: 16, time: 'linear' },
  vocabulary: { least: 1024, time: 'affine' },
  rank: { least: 4, time: 'affine' },
  layers: { least: 1, time: 'affine' },
}

/** Tokens of a sequence, but where its length is varied. */
const TOKENS = 64

/** Time and GPU memory of LoRA steps, and of scoring rows, against their sizes. */
export const scalingBench: Subject<typeof defaults> = {
  name: 'scaling',
  what: 'time and memory of a LoRA step against tokens, rows, vocabulary, rank and layers, with exponents',
  defaults,
  async run({ axes, doublings, rounds, hidden, intermediate, seed }, place) {
    const entry = await place.gpu()
    const base = { hidden, intermediate, heads: hidden / 32, kvHeads: hidden / 32, tied: true }
    let adapter = ''
    const curves = []
    for (const axis of namesIn('axes', axes, AXES)) {
      const points: { value: number; milliseconds: number; bytes: number }[] = []
      for (let n = 0; n <= doublings; n++) {
        const value = STARTS[axis].least * 2 ** n
        place.progress(`${axis} ${value}`)
        // One of its own, so that its memory begins at nothing.
        using gpu = await openGpu({ entry })
        await tuneGpu(gpu)
        adapter = gpu.adapterName
        const size = sizeOf(axis, value, base)
        const random = randomNumbers(seed)
        const measured =
          axis === 'rows'
            ? await scoreRows(gpu, size, value, rounds, random)
            : await trainSteps(gpu, size, rounds, random)
        points.push({ value, ...measured })
      }
      const exponentOf = (of: (point: (typeof points)[number]) => number) =>
        exponent(points.map(point => [point.value, of(point)]))
      curves.push({
        axis,
        points,
        time: exponentOf(point => point.milliseconds),
        memory: exponentOf(point => point.bytes),
      })
    }
    return {
      adapter,
      versions: place.versions,
      notes: [
        `a LoRA step of supervised training, for rows their log-probs; hidden ${hidden}, MLP ${intermediate}, heads of 32, else 2 layers, vocabulary 1024, rank 8, 4 × ${TOKENS} tokens`,
        `exponents by least squares over the upper half of the sizes; memory fails above ${ALLOWED}; of a step it is that of a dry run`,
      ],
      table: curves.map(({ axis, points, time, memory }) => ({
        axis,
        sizes: points.map(({ value }) => value).join(', '),
        ms: points.map(({ milliseconds }) => significant(milliseconds)).join(', '),
        'expected of time': STARTS[axis].time,
        'exponent of time': significant(time),
        MiB: points.map(({ bytes }) => significant(bytes / 2 ** 20)).join(', '),
        'exponent of memory': significant(memory),
      })),
      results: { curves },
      failures: curves
        .filter(({ memory }) => !(memory <= ALLOWED))
        .map(
          ({ axis, memory }) =>
            `memory grows with ${axis} to the power ${memory}, expected at most ${ALLOWED}`,
        ),
    }
  },
}

type Base = Omit<LlamaShape, 'vocabulary' | 'layers' | 'context'>

function sizeOf(axis: Axis, value: number, base: Base): Size {
  const tokens = axis === 'length' ? value : TOKENS
  return {
    shape: {
      ...base,
      vocabulary: axis === 'vocabulary' ? value : 1024,
      layers: axis === 'layers' ? value : 2,
      context: tokens,
    },
    sequences: axis === 'tokens' ? value / TOKENS : axis === 'length' ? 1 : 4,
    tokens,
    rank: axis === 'rank' ? value : 8,
  }
}

const sequencesOf = ({ uniform }: RandomNumbers, count: number, { tokens, shape }: Size): EncodedSequence[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ index, truncated: false },
    ids: Uint32Array.from({ length: tokens }, () => Math.floor(uniform() * shape.vocabulary)),
    mask: new Uint8Array(tokens).fill(1),
  }))

async function leastTime(rounds: number, work: () => Promise<unknown>): Promise<number> {
  // The first time compiles.
  await work()
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await work()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

async function trainSteps(gpu: Gpu, size: Size, rounds: number, random: RandomNumbers) {
  const { shape, sequences, rank } = size
  const blueprint = llamaBlueprint(shape)
  const examples = sequencesOf(random, sequences, size)
  const loss = sft()
  using planned = planNetwork(blueprint, f32, gpu)
  const { peak } = await estimateTraining(planned, examples, { loss, lora: { rank }, batchSize: sequences })
  using network = await llamaNetwork(gpu, shape, randomWeights(blueprint.weights, 1))
  using trained = LoraAdapter.create(network, { rank })
  using optimizer = adamW().create(trained, { maxGradNorm: 1 })
  using stepper = new TrainingStepper(trained, {
    ...{ loss, optimizer, live: null },
    ...{ recompute: false, dropout: 0, noise: 0 },
  })
  const milliseconds = await leastTime(rounds, () =>
    stepper.step([layOutExamples(loss, examples, null, { seed: 0, epoch: 0 })], {
      ...{ learningRate: 1e-4, seed: 0, mismatched: null },
    }),
  )
  return { milliseconds, bytes: peak }
}

async function scoreRows(gpu: Gpu, size: Size, rows: number, rounds: number, random: RandomNumbers) {
  using network = await llamaNetwork(gpu, size.shape, randomWeights(llamaBlueprint(size.shape).weights, 1))
  const answers = sequencesOf(random, rows, size).map(({ ids }) => ({ ids, answerBegin: 1 }))
  const milliseconds = await leastTime(rounds, () => tokenLogProbs(network, answers, { batchTokens: 1024 }))
  return { milliseconds, bytes: gpu.memory.peak }
}
