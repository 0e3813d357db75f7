import type {
  DataReport,
  LabelledFormat,
  RunComparison,
  ShownExample,
  TrainingConfig,
  WinRate,
} from '../src/index'
import type { ModelChoice, TemplateName } from './model-protocol'
import type { TimedEvaluation, TimedStep } from './parts/chart-data'
import type { Given } from './protocol'

export type GivenLabelled = Given<LabelledFormat>

/** What a method learns from, where there is more than one thing. */
export interface DataChoice {
  /** All rows of the file, or those that the selection keeps. */
  readonly rows: 'all' | 'selected'
  /** A file of labelled answers, or the pairs' answers one by one. */
  readonly labelled: 'file' | 'pairs'
}

/** What a training would be, before it starts. */
export interface TrainingPlan {
  readonly report: DataReport
  /** What of the options the model changes, in words. */
  readonly notes: readonly string[]
  /** The first `problemLimit` examples that cannot be trained on. */
  readonly dropped: readonly { readonly index: number; readonly reason: string }[]
  readonly trained: number
  /** Examples that are only measured with. */
  readonly heldOut: number
  readonly steps: number
  readonly stepsPerEpoch: number
  /** Values that are trained. */
  readonly parameters: number
  readonly weightBytes: number
  readonly peakBytes: number
  readonly example: ShownExample
}

/** What a training tells while it goes on. Steps count through all rounds. */
export type TrainingEvent =
  | { readonly kind: 'work'; readonly label: string; readonly done: number; readonly total: number }
  | { readonly kind: 'round'; readonly round: number; readonly rounds: number }
  | { readonly kind: 'step'; readonly step: TimedStep }
  | { readonly kind: 'evaluation'; readonly evaluation: TimedEvaluation }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly resumed: boolean }

export interface TrainingResult {
  readonly config: TrainingConfig
  /** The model without and with what was trained; null where it ended before it was measured again. */
  readonly comparison: RunComparison | null
  /** How a scorer found the answers after beside those before, once it was asked. */
  readonly winRate: WinRate | null
  readonly steps: readonly TimedStep[]
  readonly evaluations: readonly TimedEvaluation[]
  /** Of all rounds. */
  readonly totalSteps: number
  /** Ended before the last step; the adapter is as the last step made it. */
  readonly stopped: boolean
  readonly seconds: number
}

/** A training that is kept in this browser. */
export interface KeptRun {
  readonly config: TrainingConfig
  readonly step: number
  readonly totalSteps: number
  /** When its last checkpoint was written. */
  readonly written: Date
  readonly model: {
    readonly name: string
    /** Null for a folder, which must be chosen again. */
    readonly choice: ModelChoice | null
    readonly template: TemplateName | null
  }
  readonly data: {
    readonly name: string
    /** Whether the file is kept too. */
    readonly here: boolean
    readonly choice: DataChoice
  }
  readonly bytes: number
}
