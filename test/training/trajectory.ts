import { expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import { dpo } from '../../src/losses/dpo'
import { kto } from '../../src/losses/kto'
import type { Loss } from '../../src/losses/loss'
import { orpo } from '../../src/losses/orpo'
import { sampo } from '../../src/losses/sampo'
import { sft } from '../../src/losses/sft'
import type { CausalDecoder } from '../../src/models/causal-decoder'
import type { CausalNetwork } from '../../src/models/causal-network'
import { type GatedDecoderConfig, gatedDecoder } from '../../src/models/gated-decoder'
import { adamW } from '../../src/training/adamw'
import type { Example } from '../../src/training/examples'
import { fullWeights } from '../../src/training/full-weights'
import { LoraAdapter } from '../../src/training/lora-adapter'
import type { OptimizerKind } from '../../src/training/optimizer'
import { linearSchedule } from '../../src/training/schedule'
import { type TrainStep, train } from '../../src/training/train'
import type { Parameter, Trainable } from '../../src/training/trainable'
import fixture from '../fixtures/trajectories.json'
import { fromBase64 } from '../io/bytes'
import { expectClose, noise } from '../numbers'
import { tinyConfig } from '../tiny-llama'

export type Trajectory = (typeof fixture.cases)[number]

/** The runs of test/fixtures/make_trajectories.py, by loss and by what is trained. */
export const trajectories: ReadonlyMap<string, Trajectory> = new Map(
  fixture.cases.map(run => [`${run.loss} ${run.method}`, run]),
)

/** Those that are followed in every environment. */
export const inBrowsersToo: readonly string[] = ['sampo lora', 'sft full']

const config: GatedDecoderConfig = {
  ...tinyConfig,
  vocabulary: fixture.config.vocab_size,
  hidden: fixture.config.hidden_size,
  intermediate: fixture.config.intermediate_size,
  layers: fixture.config.num_hidden_layers,
  heads: fixture.config.num_attention_heads,
  kvHeads: fixture.config.num_key_value_heads,
  headSize: fixture.config.head_dim,
  maxPositions: fixture.config.max_position_embeddings,
  normEps: fixture.config.rms_norm_eps,
  tied: fixture.config.tie_word_embeddings,
  kinds: [{ window: null, rope: { theta: fixture.config.rope_theta, scaling: null, scale: 1 } }],
  attentionScale: 1 / Math.sqrt(fixture.config.head_dim),
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** Weights at the start, as in the script. */
function startOf([name, shape]: readonly [string, readonly number[]], place: number): Float32Array {
  const [size, columns = 0] = [sizeOf(shape), shape.at(-1)]
  if (name.includes('lora_B')) return new Float32Array(size)
  if (name.includes('lora_A')) return noise(size, 100 + place, 1 / Math.sqrt(columns))
  if (shape.length === 1) return noise(size, place, 0.2).map(x => 1 + x)
  return noise(size, place, Math.sqrt(3 / columns))
}

const named = (list: readonly (string | number[])[][]) => list as unknown as [string, number[]][]

function openModel(gpu: Gpu) {
  const weights = named(fixture.weights).map(
    ([name, shape], k) => [name, gpu.tensor(shape, startOf([name, shape], k))] as const,
  )
  return gatedDecoder(config).build(gpu, new Map(weights)) as CausalDecoder
}

/** Trains as the script did, or with another optimizer; gives the trained parameters to `done` at the end. */
export async function follow(
  gpu: Gpu,
  run: Trajectory,
  optimizer: OptimizerKind = adamW({ weightDecay: fixture.weightDecay }),
  done: (parameters: readonly Parameter[]) => Promise<void> = async () => {},
): Promise<TrainStep[]> {
  using network = openModel(gpu)
  using trained = run.method === 'lora' ? openAdapter(gpu, network) : fullWeights(network)
  const steps: TrainStep[] = []
  const options = {
    optimizer,
    learningRate: run.learningRate,
    schedule: linearSchedule({ warmupSteps: fixture.warmupSteps }),
    batchSize: fixture.batchSize,
    epochs: fixture.steps,
    maxSteps: fixture.steps,
    seed: fixture.seed,
  }
  const loss = losses[run.loss]!(run.beta ?? 0)
  for await (const step of train(trained, examplesOf(loss), { ...options, loss })) steps.push(step)
  await done(trained.parameters)
  return steps
}

/** Compares every step's loss and metrics, and the weights at the end. */
export async function expectTrajectory(gpu: Gpu, run: Trajectory): Promise<void> {
  const steps = await follow(gpu, run, undefined, parameters => expectEnd(gpu, run, parameters))
  expect(steps).toHaveLength(fixture.steps)
  const { loss: wanted, ...metrics } = run.metrics as Readonly<Record<string, (number | null)[]>>
  expectClose(
    steps.map(step => step.loss),
    wanted as number[],
    { atol: 0, rtol: 1e-4 },
  )
  for (const [name, values] of Object.entries(metrics)) {
    const got = steps.map(step => step[name] ?? null)
    const present = (list: readonly (number | null)[]) => list.map(value => value !== null)
    expect(present(got), name).toEqual(present(values))
    // Log-ratios are differences of sums of about 40 nats, which f32 has to within 4e-6 each.
    const known = (list: readonly (number | null)[]) => list.filter(value => value !== null)
    expectClose(known(got), known(values), { atol: 2e-5, rtol: 1e-4 })
  }
}

const losses: Readonly<Record<string, (beta: number) => Loss>> = {
  sft,
  dpo: beta => dpo({ beta }),
  sampo: beta => sampo({ beta }),
  kto: beta => kto({ beta }),
  orpo: beta => orpo({ beta }),
}

function examplesOf({ kind }: Loss): Example[] {
  return fixture.examples.map(({ prompt, chosen, rejected, desirable }, index) => {
    const answer = (ids: readonly number[]) => ({
      ids: Uint32Array.from([...prompt, ...ids]),
      answerBegin: prompt.length,
    })
    const common = { index, truncated: false }
    if (kind === 'pairs') return { ...common, chosen: answer(chosen), rejected: answer(rejected) }
    if (kind === 'labelled') return { ...common, desirable, answer: answer(desirable ? chosen : rejected) }
    const { ids } = answer(chosen)
    return { ...common, ids, mask: Uint8Array.from(ids, (_, t) => (t < prompt.length ? 0 : 1)) }
  })
}

function openAdapter(gpu: Gpu, network: CausalNetwork): Trainable {
  const adapter = LoraAdapter.create(network, { rank: fixture.rank, alpha: fixture.alpha })
  named(fixture.adapter).forEach((entry, k) => {
    gpu.write(parameterNamed(adapter.parameters, entry[0]).value, startOf(entry, k))
  })
  return adapter
}

function parameterNamed(parameters: readonly Parameter[], name: string): Parameter {
  const found = parameters.find(parameter => parameter.name === name)
  if (!found) throw new Error(`no parameter ${name} among ${parameters.map(p => p.name).join(', ')}`)
  return found
}

/** No value is 1e-3 off, and all together are nearer than 1e-3 of how far they moved. */
async function expectEnd(
  gpu: Gpu,
  { method, end }: Trajectory,
  parameters: readonly Parameter[],
): Promise<void> {
  const list = named(method === 'lora' ? fixture.adapter : fixture.weights)
  expect(parameters).toHaveLength(list.length)
  const codes = new Int16Array(fromBase64(end.codes).buffer)
  let at = 0
  let [furthest, squares, moved] = [0, 0, 0]
  for (const [k, entry] of list.entries()) {
    const start = startOf(entry, k)
    const ours = await gpu.read(parameterNamed(parameters, entry[0]).value)
    for (const [i, value] of start.entries()) {
      const added = end.scales[k]! * codes[at++]!
      const off = ours[i]! - (value + added)
      furthest = Math.max(furthest, Math.abs(off))
      squares += off ** 2
      moved += added ** 2
    }
  }
  expect(at).toBe(codes.length)
  expect(furthest).toBeLessThan(1e-3)
  expect(Math.sqrt(squares / moved)).toBeLessThan(1e-3)
}
