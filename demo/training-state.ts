import { computed, signal } from '@preact/signals'
import { values } from './config-state'
import type { TimedEvaluation, TimedStep } from './parts/chart-data'
import type { FileSummary, OutputFile } from './protocol'
import { answers, pairs, rows, selection } from './state'
import type { DataChoice, GivenLabelled, KeptRun, TrainingPlan, TrainingResult } from './training-protocol'

export const givenLabelled = signal<GivenLabelled | null>(null)
export const labelled = signal<FileSummary | null>(null)
/** Columns of the rows whose values are grades from 1 to 6. */
export const gradeColumns = signal<readonly string[]>([])
/** Models that the trained one can be compared with. */
export const referenceNames = signal<readonly string[]>([])
/** What the visitor wants, where there is more than one thing to learn from. */
export const wantedData = signal<DataChoice>({ rows: 'all', labelled: 'file' })

/** What a training learns from: what is wanted, as far as it is there. */
export const dataChoice = computed<DataChoice>(() => {
  const wanted = wantedData.value
  return {
    rows: selection.value ? wanted.rows : 'all',
    labelled: labelled.value || !pairs.value ? wanted.labelled : 'pairs',
  }
})

/** What is missing for the method; null if nothing is. */
export const missingData = computed<string | null>(() => {
  const { method } = values.value
  if (method === 'preference') return pairs.value ? null : 'Needs preference pairs.'
  if (method === 'labelled')
    return (dataChoice.value.labelled === 'file' ? labelled.value : pairs.value)
      ? null
      : 'Needs answers that are good or bad.'
  return rows.value ? null : 'Needs instruction rows.'
})

export const plan = signal<TrainingPlan | null>(null)
export const steps = signal<readonly TimedStep[]>([])
export const evaluations = signal<readonly TimedEvaluation[]>([])
/** Steps that there will be, of the round that runs. */
export const totalSteps = signal(0)
/** The round that runs, from 1, where there are several. */
export const round = signal<{ readonly round: number; readonly rounds: number } | null>(null)
/** Steps after which a round ended. */
export const rounds = signal<readonly number[]>([])
/** The last step that is kept in this browser, and when it was. */
export const checkpoint = signal<{ readonly step: number; readonly time: Date } | null>(null)
export const paused = signal(false)
/** Whether a training is kept in this browser while it goes on. */
export const keepsRuns = signal(true)
export const result = signal<TrainingResult | null>(null)
/** What was trained in forms that are made only when they are asked for. */
export const exported = signal<readonly OutputFile[]>([])
/** A training that did not end, kept in this browser. */
export const keptRun = signal<KeptRun | null>(null)

/** Forgets what was trained. */
export function clearTraining(): void {
  steps.value = []
  evaluations.value = []
  totalSteps.value = 0
  round.value = null
  rounds.value = []
  checkpoint.value = null
  paused.value = false
  result.value = null
  exported.value = []
  answers.value = null
}
