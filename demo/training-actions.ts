import { batch, effect, untracked } from '@preact/signals'
import type { FloatDtype, Method } from '../src/index'
import { readPairs } from './actions'
import { callback, session } from './client'
import { config, importConfig, values } from './config-state'
import { refreshKept } from './kept-runs'
import { chooseTemplate, loadChoice } from './model-actions'
import type { TimedStep } from './parts/chart-data'
import type { Given, OutputFile } from './protocol'
import { readRows } from './row-actions'
import * as state from './state'
import type { GivenLabelled, KeptRun, TrainingEvent } from './training-protocol'
import * as training from './training-state'
import { failureOf, inTurn, type OnProgress, work } from './work'

export function readLabelled(given: GivenLabelled): Promise<void> {
  return inTurn(async () => {
    training.givenLabelled.value = given
    training.labelled.value = null
    training.plan.value = null
    await work('labelled', `Reading ${given.name}`, async progress => {
      training.labelled.value = await session.training.readLabelled(given, callback(progress))
    })
  })
}

/** How often what steps show is drawn, in ms: they may come faster than a page can be drawn. */
const DRAWN_EVERY = 150

/** Passes a training's events on to the page, several at a time. `flush` passes on what is left. */
function listener(progress: OnProgress) {
  let waiting: TrainingEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const events = waiting
    waiting = []
    batch(() => show(events, progress))
  }
  const onEvent = callback((event: TrainingEvent) => {
    waiting.push(event)
    timer ??= setTimeout(flush, DRAWN_EVERY)
  })
  return { onEvent, flush }
}

function show(events: readonly TrainingEvent[], progress: OnProgress): void {
  const steps = events.flatMap(event => (event.kind === 'step' ? [event.step] : []))
  const last = steps.at(-1)
  if (last) {
    const [{ step: first }] = steps as [TimedStep]
    // Later ones were shown before a reload, and not kept.
    const before = training.steps.value.filter(({ step }) => step < first)
    training.steps.value = [...before, ...steps]
    training.totalSteps.value = last.totalSteps
  }
  for (const event of events) {
    if (event.kind === 'evaluation') {
      const others = training.evaluations.value.filter(({ step }) => step !== event.evaluation.step)
      training.evaluations.value = [...others, event.evaluation]
    } else if (event.kind === 'checkpoint') training.checkpoint.value = { step: event.step, time: new Date() }
    else if (event.kind === 'round') {
      training.round.value = event
      training.rounds.value = [...training.rounds.value, training.steps.value.at(-1)?.step ?? 0]
    } else if (event.kind === 'work') progress(event.done / event.total, event.label)
    else progress(event.step.step / event.step.totalSteps, 'Training')
  }
}

/** Trains, from the start or from the last checkpoint of the training that is kept. */
export async function train({ resume = false } = {}): Promise<void> {
  const chosen = config.value
  if (!chosen) return
  training.clearTraining()
  await work('training', 'Training', async progress => {
    const { onEvent, flush } = listener(progress)
    try {
      if (resume) {
        const seen = await session.training.seen()
        training.steps.value = seen.steps
        training.evaluations.value = seen.evaluations
      }
      const how = { keep: training.keepsRuns.value, resume, data: training.dataChoice.value }
      const result = await session.training.train(chosen, how, onEvent)
      flush()
      training.result.value = result
      state.unsaved.value = true
    } finally {
      flush()
      training.paused.value = false
    }
  })
  await refreshKept()
}

/** Lets the GPU rest after the next step, or go on. */
export async function pause(paused: boolean): Promise<void> {
  training.paused.value = paused
  await session.training.pause(paused)
}

/** Makes the whole model with what was trained in its weights. */
export async function exportModel(dtype: FloatDtype): Promise<void> {
  const files = await work('export', 'Making the model', progress =>
    session.training.exportModel(dtype, callback(progress)),
  )
  addExported(files ?? [])
}

/** Makes the adapter as llama.cpp takes it. */
export async function exportGguf(): Promise<void> {
  const file = await work('export', 'Making the adapter', () => session.training.exportGguf())
  addExported(file ? [file] : [])
}

/** Shows files that were made: once the progress is gone, so that no link moves under the visitor's hand. */
function addExported(files: readonly OutputFile[]): void {
  const names = new Set(files.map(({ name }) => name))
  training.exported.value = [...training.exported.value.filter(({ name }) => !names.has(name)), ...files]
}

/** Lets the scorer judge the answers before and after. */
export async function judge(): Promise<void> {
  await work('judging', 'Scoring the answers', async progress => {
    training.result.value = await session.training.judge(callback(progress))
  })
}

/** Goes on with the training that is kept: with its model, its data and its options. */
export async function goOn(kept: KeptRun): Promise<void> {
  state.fail('kept', null)
  try {
    await bringBack(kept)
  } catch (error) {
    state.fail('kept', failureOf(error))
    return
  }
  await train({ resume: true })
}

/** @throws {Error} saying what the visitor has to do first */
async function bringBack({ model, data, config: before }: KeptRun): Promise<void> {
  const { name, choice, template } = model
  const now = state.model.value
  if (now?.name !== name || now.storage !== (choice?.storage ?? now.storage)) {
    if (!choice) throw new Error(`It was trained with ${name}: choose that folder in Model first.`)
    await loadChoice(choice)
  }
  if (state.model.value?.template !== template) await chooseTemplate(template)
  await bringData(data, before.method)
  importConfig(before)
  training.wantedData.value = data.choice
}

async function bringData({ name, here, choice }: KeptRun['data'], method: Method): Promise<void> {
  const fromPairs = method === 'preference' || (method === 'labelled' && choice.labelled === 'pairs')
  const [present, read] = fromPairs
    ? [state.pairs, readPairs]
    : method === 'labelled'
      ? [training.labelled, readLabelled]
      : [state.rows, readRows]
  if (present.value?.name === name) return
  const given = here ? await session.training.data() : null
  if (!given) throw new Error(`Its data is not here any more: give ${name} again first.`)
  // The formats of one kind are those of the reader of that kind.
  await (read as (given: Given) => Promise<void>)(given)
}

// What is kept here may have changed since.
effect(() => {
  if (values.value.reference !== 'model') return
  void session.training.references().then(names => {
    training.referenceNames.value = names
  })
})

// A plan takes a moment, so it waits until an option has settled.
let planned = 0
effect(() => {
  const chosen = config.value
  const data = training.dataChoice.value
  const stands = [state.model.value, state.pairs.value, state.rows.value, training.labelled.value]
  const missing = training.missingData.value !== null || stands[0] === null || state.lost.value !== null
  const selection = data.rows === 'selected' ? state.selection.value : null
  const turn = ++planned
  if (!chosen || missing) {
    training.plan.value = null
    untracked(() => state.fail('plan', null))
    return
  }
  setTimeout(async () => {
    if (turn !== planned || (data.rows === 'selected' && !selection)) return
    try {
      const plan = await session.training.plan(chosen, data)
      if (turn !== planned) return
      training.plan.value = plan
      state.fail('plan', null)
    } catch (error) {
      if (turn !== planned) return
      training.plan.value = null
      state.fail('plan', failureOf(error))
    }
  }, 300)
})
