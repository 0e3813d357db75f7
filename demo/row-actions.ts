import { batch, effect } from '@preact/signals'
import { callback, session } from './client'
import { saveBlob } from './parts/save-blob'
import type { GivenRows, RowWriting } from './protocol'
import type { ScoreColumns, StrategyName } from './row-protocol'
import * as state from './state'
import { gradeColumns } from './training-state'
import { failureOf, inTurn, work } from './work'

/** The lowest threshold that the slider offers, unless a lower one is typed. */
const LOWEST = 0.5

export function readRows(given: GivenRows): Promise<void> {
  return inTurn(async () => {
    state.givenRows.value = given
    state.rows.value = null
    state.clearScores()
    state.clearPins()
    await work('rows', `Reading ${given.name}`, async progress => {
      const summary = await session.rows.read(given, callback(progress))
      state.scoreColumns.value = await session.rows.scoreColumns()
      gradeColumns.value = await session.rows.gradeColumns()
      state.rows.value = summary
    })
  })
}

/** @param columns scores that the rows bring along; without, the model scores */
export async function scoreRows(columns: ScoreColumns | null): Promise<void> {
  state.clearScores()
  const scored = await work('scores', 'Scoring the rows', async progress => {
    const scores = await session.rows.score(columns, callback(progress))
    state.columns.value = await session.rows.columns()
    state.distributions.value = await session.rows.distributions()
    state.scores.value = scores
    state.unsaved.value = true
    return true
  })
  if (scored) await compareRows()
}

/** Compares the rows down to the present threshold; then any choice is answered at once. */
export async function compareRows(): Promise<void> {
  await work('selection', 'Comparing the rows', async progress => {
    const lowest = Math.min(LOWEST, state.options.value.threshold)
    const join = await session.rows.join(lowest, callback(progress))
    batch(() => {
      const { threshold } = state.options.value
      if (threshold < join.lowest) state.options.value = { ...state.options.value, threshold: join.lowest }
      state.join.value = join
    })
  })
}

// Every change of the choice is answered by the worker, the newest first: of changes that come while it works, only the
// last is sent.
let answering = false
let waiting = false

async function answer(): Promise<void> {
  waiting = true
  if (answering) return
  answering = true
  while (waiting && state.join.value) {
    waiting = false
    try {
      const selection = await session.rows.choose(state.choice.value)
      if (!state.join.value) break
      state.selection.value = selection
      state.unsaved.value = true
      state.fail('selection', null)
    } catch (error) {
      state.fail('selection', failureOf(error))
    }
  }
  answering = false
}

effect(() => {
  const { threshold } = state.choice.value
  const join = state.join.value
  if (join && threshold >= join.lowest) void answer()
})

export type Pin = 'keep' | 'drop'

export const pinOf = (row: number): Pin | null =>
  state.keep.value.has(row) ? 'keep' : state.drop.value.has(row) ? 'drop' : null

/** Keeps a row or leaves it out, whatever its score; `null` gives it free again. */
export function pinRow(row: number, pin: Pin | null): void {
  const without = (rows: ReadonlySet<number>) => new Set([...rows].filter(other => other !== row))
  batch(() => {
    state.keep.value = pin === 'keep' ? new Set(state.keep.value).add(row) : without(state.keep.value)
    state.drop.value = pin === 'drop' ? new Set(state.drop.value).add(row) : without(state.drop.value)
  })
}

export function clearPins(): void {
  batch(() => {
    state.keep.value = new Set()
    state.drop.value = new Set()
  })
}

/** Leaves out rows with less of a measure; `null` takes the cut away. */
export function setCut(key: string, cut: number | null): void {
  const { [key]: _, ...others } = state.cuts.value
  state.cuts.value = cut === null ? others : { ...others, [key]: cut }
}

/** Lays the rows out in the plane. */
export async function layOutRows(): Promise<void> {
  await work('map', 'Laying out the rows', async progress => {
    state.rowMap.value = await session.rows.map(callback(progress))
  })
}

/** Puts the selection beside others of its size. */
export async function compareStrategies(names: readonly StrategyName[]): Promise<void> {
  await work('strategies', 'Selecting in other ways', async progress => {
    const { choice } = state.selection.value!
    const comparison = await session.rows.compare(names, callback(progress))
    state.comparison.value = { comparison, choice }
  })
}

/** Saves the chosen rows in another format than they came in. */
export async function exportRows(how: RowWriting): Promise<void> {
  try {
    saveBlob(await session.rows.export(how))
    state.fail('files', null)
  } catch (error) {
    state.fail('files', failureOf(error))
  }
}

export const tablePage = session.rows.table
export const tableRows = session.rows.tableRows
export const rowDetail = session.rows.detail
export const nearPairs = session.rows.nearPairs
export const mapState = session.rows.mapState
