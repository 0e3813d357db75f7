import type { Pair } from '../data/row'
import type { Model } from '../models/load-model'
import { answerLogProbs } from '../training/answer-log-probs'
import { type EncodedPair, type EncodedPairs, encodePairs } from '../training/encode-pairs'
import { LoraAdapter, type LoraOptions } from '../training/lora-adapter'
import type { PairLogProbs } from '../training/micro-batch'
import { linearSchedule } from '../training/schedule'
import { type TrainOptions, type TrainStep, train } from '../training/train'
import { type JobOptions, jobLosses } from './options'

/** An option that names nothing. */
export class JobError extends Error {
  override name = 'JobError'
}

/** A job's training options as the library's. @throws {JobError} for a loss that is not known */
export function trainOptions(options: JobOptions): TrainOptions & { readonly lora: LoraOptions } {
  const {
    loss,
    beta,
    rank,
    seed,
    steps,
    warmupRatio,
    learningRate,
    epochs,
    batchSize,
    accumulation,
    recompute,
  } = options
  const make = Object.hasOwn(jobLosses, loss) ? jobLosses[loss] : undefined
  if (!make) throw new JobError(`loss is '${loss}', expected one of ${Object.keys(jobLosses).join(', ')}`)
  return {
    loss: make({ beta }),
    lora: { rank, seed },
    learningRate,
    schedule: linearSchedule({ warmupRatio }),
    epochs,
    batchSize,
    accumulation,
    recompute,
    seed,
    ...(steps === null ? {} : { maxSteps: steps }),
  }
}

/** Pairs as tokens of the model, none longer than its context. */
export const encodeForJob = (
  { tokenizer, network }: Model,
  pairs: readonly Pair[],
  { maxLength }: JobOptions,
): EncodedPairs => encodePairs(tokenizer, pairs, { maxLength: Math.min(maxLength, network.maxPositions) })

/** Mean summed log-probs of the answers, in nats, and how often the chosen one is the likelier. */
export interface Evaluation {
  readonly 'logps/chosen': number
  readonly 'logps/rejected': number
  readonly accuracy: number
  /** How many pairs these are means of. */
  readonly pairs: number
}

export type TrainEvent =
  | { readonly kind: 'reference'; readonly done: number; readonly total: number }
  | { readonly kind: 'step'; readonly step: TrainStep }
  | { readonly kind: 'evaluation'; readonly before: Evaluation; readonly after: Evaluation }

/** Pairs whose log-probs are compared before and after: enough for a mean, and not another pass over everything. */
export const EVALUATED_PAIRS = 64

/**
 * Trains a fresh adapter on pairs: log-probs with the adapter off, which serve as reference and as "before"; the
 * steps; log-probs of the first 64 pairs with the adapter on. `adapter` is the caller's, made with `LoraAdapter.create`.
 */
export async function* trainPairs(
  adapter: LoraAdapter,
  pairs: readonly EncodedPair[],
  options: JobOptions,
  signal?: AbortSignal,
): AsyncGenerator<TrainEvent, void, undefined> {
  const abort = signal ? { signal } : {}
  const { lora: _, ...rest } = trainOptions(options)
  const references: PairLogProbs[] = []
  // A few pairs at a time, so that progress can be told between them.
  for (let begin = 0; begin < pairs.length; begin += 16) {
    references.push(...(await answerLogProbs(adapter.network, pairs.slice(begin, begin + 16), abort)))
    yield { kind: 'reference', done: references.length, total: pairs.length }
  }
  for await (const step of train(adapter, pairs, { ...rest, references, ...abort }))
    yield { kind: 'step', step }
  const some = pairs.slice(0, EVALUATED_PAIRS)
  const after = await answerLogProbs(adapter.network, some, { adapter: adapter.map, ...abort })
  yield { kind: 'evaluation', before: evaluate(references.slice(0, EVALUATED_PAIRS)), after: evaluate(after) }
}

/** A fresh adapter for a job. */
export const createAdapter = (model: Model, options: JobOptions): LoraAdapter =>
  LoraAdapter.create(model.network, trainOptions(options).lora)

/** Sums up log-probs that `answerLogProbs` gave. */
export function evaluate(logProbs: readonly PairLogProbs[]): Evaluation {
  const sums = logProbs.map(({ chosen, rejected }) => [sum(chosen), sum(rejected)] as const)
  const mean = (value: (pair: readonly [number, number]) => number) =>
    sums.reduce((total, pair) => total + value(pair), 0) / sums.length
  return {
    'logps/chosen': mean(([chosen]) => chosen),
    'logps/rejected': mean(([, rejected]) => rejected),
    accuracy: mean(([chosen, rejected]) => (chosen > rejected ? 1 : 0)),
    pairs: sums.length,
  }
}

const sum = (values: Float32Array): number => values.reduce((a, b) => a + b, 0)
