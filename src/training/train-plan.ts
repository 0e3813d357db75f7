import { counterHash } from '../losses/draw'
import type { LabelledLoss, Loss, PairLoss, SequenceLoss } from '../losses/loss'
import type { EncodedLabelled, EncodedPair, EncodedSequence, Example } from './examples'
import { labelledBatch, type MicroBatch, type PairLogProbs, pairBatch, sequenceBatch } from './micro-batch'
import type { References } from './reference'

/** Which examples the optimizer steps of a run see. */
export interface TrainPlan {
  readonly totalSteps: number
  readonly stepsPerEpoch: number
  /** Which examples the micro-batches of a step hold, by their place among all; steps count from 0. */
  step(step: number): { readonly epoch: number; readonly batches: readonly (readonly number[])[] }
}

export interface PlanOptions {
  readonly epochs: number
  readonly maxSteps: number | null
  readonly batchSize: number
  readonly accumulation: number
  readonly shuffle: boolean
  readonly seed: number
}

/** @param units examples that stay together, each counting as one of a micro-batch */
export function planTraining(units: readonly (readonly number[])[], options: PlanOptions): TrainPlan {
  const { epochs, maxSteps, batchSize, accumulation, shuffle, seed } = options
  const window = batchSize * accumulation
  const stepsPerEpoch = Math.ceil(units.length / window)
  const unshuffled = units.map((_, i) => i)
  // Drawing the order of a large file takes longer than laying a step out.
  let last = { epoch: -1, order: unshuffled }
  const orderOf = (epoch: number) => {
    if (last.epoch !== epoch) last = { epoch, order: shuffled(units.length, seed, epoch) }
    return last.order
  }
  return {
    stepsPerEpoch,
    totalSteps: Math.min(epochs * stepsPerEpoch, maxSteps ?? Number.POSITIVE_INFINITY),
    step(step) {
      const epoch = Math.floor(step / stepsPerEpoch)
      const order = shuffle ? orderOf(epoch) : unshuffled
      const begin = (step % stepsPerEpoch) * window
      const chosen = order.slice(begin, begin + window)
      const batches = Array.from({ length: Math.ceil(chosen.length / batchSize) }, (_, k) =>
        chosen.slice(k * batchSize, (k + 1) * batchSize).flatMap(unit => units[unit]!),
      )
      return { epoch, batches }
    },
  }
}

/** 0 … n − 1 in an order that depends on seed and epoch alone. */
function shuffled(n: number, seed: number, epoch: number): number[] {
  const keys = Array.from({ length: n }, (_, i) => counterHash(seed, epoch, i, 0x5eed))
  return keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b)
}

/** Lays examples out for a loss of their kind. */
export function layOutExamples(
  loss: Loss,
  examples: readonly Example[],
  references: References | null,
  options: { readonly seed: number; readonly epoch: number; readonly report?: 'counted' | 'all' },
): MicroBatch {
  return byKind(loss, {
    pairs: loss =>
      pairBatch(
        examples as readonly EncodedPair[],
        references as readonly PairLogProbs[] | null,
        loss,
        options,
      ),
    sequences: loss => sequenceBatch(examples as readonly EncodedSequence[], loss),
    labelled: loss =>
      labelledBatch(
        examples as readonly EncodedLabelled[],
        references as readonly Float32Array[] | null,
        loss,
        options,
      ),
  })
}

function byKind<T>(
  loss: Loss,
  cases: {
    pairs: (loss: PairLoss) => T
    sequences: (loss: SequenceLoss) => T
    labelled: (loss: LabelledLoss) => T
  },
): T {
  if (loss.kind === 'pairs') return cases.pairs(loss)
  return loss.kind === 'sequences' ? cases.sequences(loss) : cases.labelled(loss)
}
