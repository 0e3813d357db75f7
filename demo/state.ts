import { computed, signal } from '@preact/signals'
import { defaultJobOptions, type JobOptions } from '../src/index'
import type {
  AnswerSettings,
  DeviceInfo,
  Failure,
  FileSummary,
  GivenPairs,
  GivenRows,
  ModelInfo,
  OutputFile,
} from './protocol'
import type {
  Choice,
  Column,
  Distribution,
  RowMap,
  ScoreColumns,
  ScoreSummary,
  SelectionSummary,
  SimilarityJoin,
  StrategyComparison,
} from './row-protocol'

/** The parts of the page that a piece of work or an error belongs to. */
export type Stage =
  | 'model'
  | 'rows'
  | 'pairs'
  | 'labelled'
  | 'scores'
  | 'selection'
  | 'map'
  | 'strategies'
  | 'plan'
  | 'training'
  | 'kept'
  | 'answers'
  | 'judging'
  | 'files'
  | 'export'

/** The one long piece of work that runs. */
export interface Task {
  readonly stage: Stage
  readonly label: string
  /** From 0 to 1; null where it cannot be told. */
  readonly fraction: number | null
  /** What else can be told of it: how much of how much, and how fast. */
  readonly note: string | null
  readonly secondsLeft: number | null
  readonly cancelling: boolean
}

export const device = signal<DeviceInfo | null>(null)
/** What is done before there is a device. */
export const opening = signal('Opening…')
/** Why the page cannot work at all. */
export const unavailable = signal<Failure | null>(null)
/** Why the GPU must be opened again. */
export const lost = signal<string | null>(null)
export const model = signal<ModelInfo | null>(null)
/** The files that were given, also if they could not be read. */
export const givenRows = signal<GivenRows | null>(null)
export const givenPairs = signal<GivenPairs | null>(null)
export const rows = signal<FileSummary | null>(null)
export const pairs = signal<FileSummary | null>(null)
export const prompts = signal<readonly string[]>([])
/** Scores that the rows bring along. */
export const scoreColumns = signal<ScoreColumns | null>(null)
export const scores = signal<ScoreSummary | null>(null)
export const columns = signal<readonly Column[]>([])
/** Of the scores before anything is selected. */
export const distributions = signal<readonly Distribution[]>([])
/** The rows are compared, so every choice is answered at once. */
export const join = signal<SimilarityJoin | null>(null)
export const cuts = signal<Readonly<Record<string, number>>>({})
export const keep = signal<ReadonlySet<number>>(new Set())
export const drop = signal<ReadonlySet<number>>(new Set())
/** What the worker last answered; it may be a moment behind `choice`. */
export const selection = signal<SelectionSummary | null>(null)
/** Where the scored rows lie on the map; null until it is asked for. */
export const rowMap = signal<RowMap | null>(null)
/** The last comparison with other ways to select. */
export const comparison = signal<StrategyComparison | null>(null)
/** How many rows are kept, and how similar they may be. */
export const options = signal<Pick<JobOptions, 'budget' | 'threshold'>>(defaultJobOptions)
export const answers = signal<{ readonly before: string; readonly after: string } | null>(null)
export const answerSettings = signal<AnswerSettings>({
  maxTokens: 120,
  temperature: 0,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  seed: 0,
})
export const outputs = signal<readonly OutputFile[]>([])
/** There are results that no download has saved. */
export const unsaved = signal(false)
export const task = signal<Task | null>(null)
export const failures = signal<Readonly<Partial<Record<Stage, Failure>>>>({})
/** What screen readers are told about. */
export const announcement = signal('')

const budget = computed(() => options.value.budget)
const threshold = computed(() => options.value.threshold)

/** Everything that decides the selection, besides the rows. */
export const choice = computed<Choice>(() => ({
  budget: budget.value,
  threshold: threshold.value,
  cuts: cuts.value,
  keep: [...keep.value],
  drop: [...drop.value],
}))

export const busy = computed(() => task.value !== null)
/** Only files are being read: others may join the queue. */
export const canRead = computed(
  () => !busy.value || ['rows', 'pairs', 'labelled'].includes(task.value!.stage),
)
export const ready = computed(() => model.value !== null && lost.value === null && !busy.value)

export function fail(stage: Stage, failure: Failure | null): void {
  const { [stage]: _, ...others } = failures.value
  failures.value = failure ? { ...others, [stage]: failure } : others
}

/** Forgets what was computed from the rows. */
export function clearScores(): void {
  scores.value = null
  distributions.value = []
  join.value = null
  rowMap.value = null
  comparison.value = null
  selection.value = null
}

/** Forgets what the visitor decided about the rows that were there before. */
export function clearPins(): void {
  cuts.value = {}
  keep.value = new Set()
  drop.value = new Set()
}
