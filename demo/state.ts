import { computed, signal } from '@preact/signals'
import { defaultJobOptions, type JobOptions } from '../src/index'
import type {
  DeviceInfo,
  Distribution,
  Failure,
  FileSummary,
  ModelInfo,
  OutputFile,
  ScoreSummary,
  SelectionSummary,
  TrainingEvent,
  TrainingPlan,
  TrainingResult,
} from './protocol'

/** The parts of the page that a piece of work or an error belongs to. */
export type Stage =
  | 'model'
  | 'rows'
  | 'pairs'
  | 'scores'
  | 'selection'
  | 'plan'
  | 'training'
  | 'answers'
  | 'files'

/** The one long piece of work that runs. */
export interface Task {
  readonly stage: Stage
  readonly label: string
  /** From 0 to 1; null where it cannot be told. */
  readonly fraction: number | null
  readonly secondsLeft: number | null
  readonly cancelling: boolean
}

export const device = signal<DeviceInfo | null>(null)
/** Why the page cannot work at all. */
export const unavailable = signal<Failure | null>(null)
/** Why the GPU must be opened again. */
export const lost = signal<string | null>(null)
export const model = signal<ModelInfo | null>(null)
export const rows = signal<FileSummary | null>(null)
export const pairs = signal<FileSummary | null>(null)
export const prompts = signal<readonly string[]>([])
export const scores = signal<ScoreSummary | null>(null)
export const distributions = signal<readonly Distribution[]>([])
export const selection = signal<SelectionSummary | null>(null)
export const options = signal<JobOptions>(defaultJobOptions)
export const plan = signal<TrainingPlan | null>(null)
export const events = signal<readonly TrainingEvent[]>([])
export const result = signal<TrainingResult | null>(null)
export const answers = signal<{ readonly before: string; readonly after: string } | null>(null)
export const outputs = signal<readonly OutputFile[]>([])
/** There are results that no download has saved. */
export const unsaved = signal(false)
export const task = signal<Task | null>(null)
export const failures = signal<Readonly<Partial<Record<Stage, Failure>>>>({})
/** What screen readers are told about. */
export const announcement = signal('')

export const busy = computed(() => task.value !== null)
/** Only files are being read: others may join the queue. */
export const canRead = computed(() => !busy.value || ['rows', 'pairs'].includes(task.value!.stage))
export const ready = computed(() => model.value !== null && lost.value === null && !busy.value)

export function fail(stage: Stage, failure: Failure | null): void {
  const { [stage]: _, ...others } = failures.value
  failures.value = failure ? { ...others, [stage]: failure } : others
}

/** Forgets what was computed from the rows. */
export function clearScores(): void {
  scores.value = null
  distributions.value = []
  clearSelection()
}

export function clearSelection(): void {
  selection.value = null
  outputs.value = []
}

/** Forgets what was trained on the pairs. */
export function clearTraining(): void {
  events.value = []
  result.value = null
  answers.value = null
  outputs.value = []
}
