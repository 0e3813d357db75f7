import type { PeftAdapter } from '../io/peft-adapter'
import type { CausalNetwork } from '../models/causal-network'
import { adamW } from '../training/adamw'
import { adamW8bit } from '../training/adamw-8bit'
import { fullWeights } from '../training/full-weights'
import { lion } from '../training/lion'
import { LoraAdapter } from '../training/lora-adapter'
import type { OptimizerKind } from '../training/optimizer'
import type { ReferenceSource } from '../training/reference'
import {
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  type Schedule,
  type WarmUp,
  wsdSchedule,
} from '../training/schedule'
import { sgd } from '../training/sgd'
import type { TrainOptions } from '../training/train'
import type { Trainable } from '../training/trainable'
import { ConfigError } from './config-error'
import { makeLoss } from './make-loss'
import type { TrainingConfig } from './training-fields'

/** A model that another one is compared with. */
export interface ReferenceModel {
  readonly network: CausalNetwork
}

/**
 * A config as the library's options of a run: all that decides its numbers but what is trained, and on what.
 *
 * @param reference the model that the config names as its reference, where it does
 * @throws {ConfigError} if the config names a reference model and none is given, or one is given and none is named
 * @throws {LossError | TrainingError} for options that are not defined together
 */
export function makeTraining(config: TrainingConfig, reference: ReferenceModel | null = null): TrainOptions {
  const { learningRate, epochs, steps, batchSize, accumulation, recompute, seed, neftune, maxGradNorm } =
    config
  const source = referenceOf(config, reference)
  return {
    ...{ loss: makeLoss(config), optimizer: makeOptimizer(config), schedule: makeSchedule(config) },
    ...{ learningRate, epochs, batchSize, accumulation, recompute, seed, maxGradNorm },
    ...(steps === null ? {} : { maxSteps: steps }),
    ...(neftune === undefined || neftune === null ? {} : { neftune }),
    ...(source === null ? {} : { reference: source }),
    ...(config.syncSteps ? { sync: { steps: config.syncSteps, alpha: config.syncAlpha! } } : {}),
  }
}

function referenceOf(
  { reference: kind, referenceModel }: TrainingConfig,
  given: ReferenceModel | null,
): ReferenceSource | null {
  if (kind === 'model') {
    if (given) return { network: given.network, adapter: null }
    throw new ConfigError(`the reference model ${referenceModel} is not loaded`, 'referenceModel')
  }
  if (given) throw new ConfigError('a reference model is loaded, and the config names none', 'reference')
  return kind ?? null
}

function makeOptimizer(config: TrainingConfig): OptimizerKind {
  const { optimizer, weightDecay } = config
  const means = () => ({ beta1: config.beta1!, beta2: config.beta2!, weightDecay })
  const kinds: Record<typeof optimizer, () => OptimizerKind> = {
    adamw: () => adamW({ ...means(), epsilon: config.epsilon! }),
    'adamw-8bit': () => adamW8bit({ ...means(), epsilon: config.epsilon! }),
    lion: () => lion(means()),
    sgd: () => sgd({ momentum: config.momentum!, nesterov: config.nesterov!, weightDecay }),
  }
  return kinds[optimizer]()
}

function makeSchedule(config: TrainingConfig): Schedule {
  const { schedule, warmupSteps, warmupRatio } = config
  const warmUp: WarmUp = warmupSteps === null ? { warmupRatio: warmupRatio! } : { warmupSteps }
  const kinds: Record<typeof schedule, () => Schedule> = {
    linear: () => linearSchedule(warmUp),
    cosine: () => cosineSchedule({ ...warmUp, minRatio: config.minRatio! }),
    constant: () => constantSchedule(warmUp),
    wsd: () =>
      wsdSchedule({
        ...warmUp,
        ...{ minRatio: config.minRatio!, decayRatio: config.decayRatio!, decay: config.decay! },
      }),
  }
  return kinds[schedule]()
}

/**
 * What a config trains of a network, as it is at the start.
 *
 * @param from an adapter to go on from, in place of a fresh one
 * @throws {ConfigError} if an adapter is given and none is trained, or one with other options than the config's
 * @throws {TrainingError} for layers that the model does not have, and weights that are not f32 where all are trained
 * @throws {PeftAdapterError} for an adapter of another model
 */
export function makeTrainable(
  network: CausalNetwork,
  config: TrainingConfig,
  from: PeftAdapter | null = null,
): Trainable | LoraAdapter {
  const { trained, targets, seed } = config
  if (trained === 'full') {
    if (from) throw new ConfigError('an adapter to go on from is given, and trained is full', 'trained')
    return fullWeights(network, { targets: targets ?? 'all', trainEmbedding: config.trainEmbedding! })
  }
  if (from) return LoraAdapter.fromPeft(network, from)
  const { rank, alpha, rslora, dropout } = config
  return LoraAdapter.create(network, {
    ...{ rank: rank!, rslora: rslora!, dropout: dropout!, dora: trained === 'dora', seed },
    ...(alpha === null ? {} : { alpha: alpha! }),
    targets: targets ?? 'all-linear',
  })
}

/**
 * Options with those of an adapter to go on from, which decide its shape.
 *
 * @throws {ConfigError} for one of them that is given and is another
 */
export function adapterOptions({
  config,
}: PeftAdapter): Pick<TrainingConfig, 'trained' | 'rank' | 'alpha' | 'rslora' | 'dropout' | 'targets'> {
  return {
    trained: config.useDora ? 'dora' : 'lora',
    ...{ rank: config.r, alpha: config.loraAlpha, rslora: config.useRslora, dropout: config.loraDropout },
    targets: config.targetModules,
  }
}
