import type { EvaluatedRun, RunComparison } from '../evaluation/compare-runs'
import type { RunStore } from '../io/run-store'
import type { Combine } from '../scoring/combine'
import type { Scorer } from '../scoring/scorer'
import type { Fingerprint } from '../training/fingerprint'
import type { ShownExample } from '../training/shown-example'
import type { TrainStep } from '../training/train'
import type { ReferenceModel } from './make-training'
import type { LeftOut, PreparedData } from './training-data'

/** What takes long besides steps. */
export type TrainingPhase = 'reference' | 'evaluation' | 'sampling'

export interface TrainingJobOptions {
  /** Where checkpoints and reference log-probs are kept; null for a run that is lost with its process. */
  readonly store?: RunStore | null
  /** Goes on from the last checkpoint in the store, if there is one. */
  readonly resume?: boolean
  /** What else decides the run's numbers, such as a digest of the model's files. */
  readonly fingerprint?: Fingerprint
  /** The model that the config names as its reference. */
  readonly reference?: ReferenceModel | null
  /** Ranks the answers that rounds sample. */
  readonly scorer?: { readonly scorer: Scorer; readonly combine?: Combine } | null
  readonly signal?: AbortSignal
  /** Ends training after the step that is under way, which is kept and measured as if it were the last. */
  readonly stop?: AbortSignal
  readonly onProgress?: (phase: TrainingPhase, done: number, total: number) => void
}

/** What there is to train on. First of all. */
export interface DataEvent {
  readonly kind: 'data'
  readonly data: PreparedData
  /** One example as the model sees it. */
  readonly example: ShownExample
  /** Whether evaluations are of examples that are not trained on. */
  readonly isHeldOut: boolean
  /** Optimizer steps, of a round where there are rounds. */
  readonly totalSteps: number
}

/** Rounds count from 1, and steps from 1 in each round; step 0 is before the first. */
export type TrainingEvent =
  | DataEvent
  | {
      readonly kind: 'evaluation'
      readonly round: number
      readonly step: number
      readonly run: EvaluatedRun
    }
  /** A round after the first begins. */
  | {
      readonly kind: 'round'
      readonly round: number
      readonly examples: number
      readonly dropped: readonly LeftOut[]
    }
  | { readonly kind: 'step'; readonly round: number; readonly step: TrainStep }
  | {
      readonly kind: 'checkpoint'
      readonly round: number
      readonly step: number
      readonly how: 'written' | 'resumed'
    }
  /** A checkpoint that an earlier one stands in for. */
  | { readonly kind: 'damaged'; readonly reason: string }
  /** Before and after, side by side. Last of all. */
  | { readonly kind: 'done'; readonly comparison: RunComparison }
