import { dryGpu } from '../gpu/dry-gpu'
import type { Gpu } from '../gpu/gpu'
import type { DrawKey, Loss, TokenChoice } from '../losses/loss'
import { tokenLogProbs } from '../models/token-log-probs'
import type { LoraMap } from '../nn/linear'
import { adamW } from './adamw'
import { dataDigest } from './data-digest'
import type { Example } from './examples'
import { type Fingerprint, logProbsPart } from './fingerprint'
import type { OptimizerKind } from './optimizer'
import { linearSchedule } from './schedule'
import type { TrainOptions } from './train-options'
import type { Trainable } from './trainable'

/** Tokens of the first example whose log-probs stand for a model. */
const PROBE_TOKENS = 64

/**
 * What decides the numbers of a run. Losses and optimizers are values whose settings may lie in closures: they are run
 * on a device that computes nothing, and what they would have done to it is digested.
 */
export async function runFingerprint(
  trainable: Trainable,
  examples: readonly Example[],
  totalSteps: number,
  options: TrainOptions,
): Promise<Fingerprint> {
  const { loss, optimizer = adamW(), references, packs, sync, reference, checkpoint } = options
  const { learningRate = 1e-4, schedule = linearSchedule(), maxGradNorm = 1 } = options
  const { epochs = 1, batchSize = 4, accumulation = 1, shuffle = true, seed = 0, neftune = 0 } = options
  const { network, map, dropout } = trainable
  const rates = Float64Array.from({ length: totalSteps }, (_, step) => schedule(step, totalSteps))
  const numbers = { totalSteps, learningRate, epochs, batchSize, accumulation, shuffle, seed, neftune }
  return {
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)])),
    dropout: String(dropout),
    data: await dataDigest(examples),
    loss: `${loss.name} ${await lossDigest(loss)}`,
    maxGradNorm: String(maxGradNorm),
    optimizer: `${optimizer.name} ${await optimizerDigest(optimizer)}`,
    schedule: await dataDigest([rates]),
    // A network that is itself trained is not what it was when the run began.
    ...(map ? { model: await modelProbe({ network, map: null }, examples) } : {}),
    [map ? 'adapter' : 'layers']: await trainedDigest(trainable),
    ...(references ? { references: await dataDigest(references) } : {}),
    ...(packs ? { packs: await dataDigest(packs) } : {}),
    ...(sync ? { sync: JSON.stringify([sync.steps, sync.alpha]) } : {}),
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(typeof reference === 'object'
      ? { reference: await modelProbe({ network: reference.network, map: reference.adapter }, examples) }
      : {}),
    ...checkpoint?.fingerprint,
  }
}

/** Log-probs of an example's first tokens, in nats: they tell models apart without reading all of their weights. */
export async function modelProbe(
  { network, map }: { readonly network: Trainable['network']; readonly map: LoraMap | null },
  [first]: readonly Example[],
): Promise<string> {
  if (!first) return logProbsPart([])
  const { ids } = 'chosen' in first ? first.chosen : 'answer' in first ? first.answer : first
  const probe = { ids: ids.slice(0, PROBE_TOKENS), answerBegin: 1 }
  const [logProbs] = await tokenLogProbs(network, [probe], { adapter: map })
  return logProbsPart(logProbs!)
}

/** Of what is trained: names and shapes, and how an adapter's factors are scaled. */
const trainedDigest = ({ parameters, map }: Trainable) =>
  dataDigest([
    parameters.map(({ name, value }) => ({ name, shape: value.shape })),
    map && [...map].map(([path, { scale, stream }]) => ({ path, scale, stream })),
  ])

/** What `body` would do to a device. */
function journalOf(body: (gpu: Gpu) => void): (string | Uint8Array)[] {
  const journal: (string | Uint8Array)[] = []
  using gpu = dryGpu({}, entry => journal.push(typeof entry === 'string' ? entry : entry.slice()))
  body(gpu)
  gpu.submit()
  return journal
}

async function lossDigest(loss: Loss): Promise<string> {
  const { terms, ...rest } = loss
  return dataDigest([
    settingsOf(rest),
    ...terms.map(({ tokens, ...term }, k) => [
      settingsOf(term),
      choicesOf(tokens),
      journalOf(gpu => runTerm(gpu, loss, k)),
    ]),
  ])
}

const settingsOf = (of: object) =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => typeof value !== 'function'))

/** Examples that terms are run over: enough for a share of them to tell shares apart. */
const N = 1000

/** Runs a term over sequences of four tokens each. */
function runTerm(gpu: Gpu, loss: Loss, k: number): void {
  const term = loss.terms[k]!
  const S = loss.kind === 'pairs' ? 2 * N : N
  const R = 4 * S
  term.run(gpu, {
    policy: gpu.empty([R]),
    reference: gpu.empty([R]),
    weights: gpu.empty([R, 2]),
    spans: gpu.empty([S, 2], 'u32'),
    lengths: gpu.empty([S]),
    scale: gpu.empty([1]),
    statistics: gpu.empty([S, 8]),
    labels: loss.kind === 'labelled' ? gpu.empty([N]) : null,
    kl: loss.kind === 'labelled' && loss.kl ? gpu.empty([1]) : null,
    state: term.state && gpu.empty([term.state.length]),
    values: gpu.empty([N]),
    gradient: gpu.empty([R]),
  })
}

/** What is chosen of answers of a few lengths. */
function choicesOf(tokens: TokenChoice) {
  const key: DrawKey = { seed: 1, epoch: 0, example: 0 }
  return [tokens.name, tokens.weigh(5, 9, key), tokens.weigh(40, 7, { ...key, epoch: 1 })]
}

const optimizerDigest = (kind: OptimizerKind) =>
  dataDigest(
    journalOf(gpu => {
      const arenas = [true, false].map(decays => ({
        ...{ name: String(decays), decays },
        ...{ values: gpu.empty([4096]), grads: gpu.empty([4096]) },
      }))
      using optimizer = kind.create({ gpu, arenas }, { maxGradNorm: null })
      for (const rate of [1, 0.5]) optimizer.step(rate)
    }),
  )
