import { effect } from '@preact/signals'
import { bundledModel, callback, startSession } from './client'
import type { ModelSource, TrainingEvent } from './protocol'
import * as state from './state'
import { failureOf, work } from './work'

const session = startSession(message => {
  state.unavailable.value = { name: 'Error', message }
})

const onLost = callback((reason: string) => {
  state.lost.value = reason
})

export async function start(): Promise<void> {
  try {
    state.device.value = await session.open(onLost)
  } catch (error) {
    state.unavailable.value = failureOf(error)
    return
  }
  await loadModel(bundledModel)
}

/** Opens the GPU again. Data and results stay; work that was going on is lost. */
export async function startAgain(): Promise<void> {
  await work('model', 'Opening the GPU', async progress => {
    state.device.value = await session.open(onLost)
    state.model.value = await session.reloadModel(callback(progress))
    state.lost.value = null
    state.failures.value = {}
  })
}

export async function loadModel(source: ModelSource): Promise<void> {
  await work('model', 'Loading the model', async progress => {
    const model = await session.loadModel(source, callback(progress))
    state.clearScores()
    state.clearTraining()
    state.model.value = model
  })
}

export const cancel = async (): Promise<void> => {
  if (state.task.value) state.task.value = { ...state.task.value, cancelling: true }
  await session.cancel()
}

// Files that are given at once are read one after the other.
let reading: Promise<void> = Promise.resolve()

export function readRows(file: Blob, name: string): Promise<void> {
  reading = reading.then(async () => {
    state.rows.value = null
    state.clearScores()
    await work('rows', `Reading ${name}`, async progress => {
      state.rows.value = await session.readRows(file, name, callback(progress))
    })
  })
  return reading
}

export function readPairs(file: Blob, name: string): Promise<void> {
  reading = reading.then(async () => {
    state.pairs.value = null
    state.plan.value = null
    state.clearTraining()
    await work('pairs', `Reading ${name}`, async progress => {
      state.pairs.value = await session.readPairs(file, name, callback(progress))
      state.prompts.value = await session.prompts()
    })
  })
  return reading
}

export async function readSample(): Promise<void> {
  const load = async (name: string) => {
    const response = await fetch(new URL(`sample/${name}`, document.baseURI))
    if (!response.ok) throw new Error(`The sample's ${name} could not be loaded: ${response.status}.`)
    return response.blob()
  }
  const files = await work('rows', 'Loading the sample', () =>
    Promise.all([load('rows.json'), load('pairs.json')]),
  )
  if (!files) return
  await Promise.all([readRows(files[0], 'rows.json'), readPairs(files[1], 'pairs.json')])
}

export async function scoreRows(): Promise<void> {
  state.clearScores()
  const scored = await work('scores', 'Scoring the rows', async progress => {
    state.scores.value = await session.score(callback(progress))
    state.distributions.value = await session.distributions()
    state.unsaved.value = true
    return true
  })
  if (scored) await selectRows(state.options.value)
}

export async function selectRows(choice: { budget: number | null; threshold: number }): Promise<void> {
  await work('selection', 'Selecting', async progress => {
    state.selection.value = await session.select(choice, callback(progress))
    state.distributions.value = await session.distributions()
    state.unsaved.value = true
  })
}

export const tablePage = session.table
export const rowDetail = session.detail

export async function train(): Promise<void> {
  state.clearTraining()
  await work('training', 'Training', async progress => {
    const onEvent = (event: TrainingEvent) => {
      if (event.kind === 'step') {
        state.events.value = [...state.events.value, event]
        progress(event.step.step / event.step.totalSteps, 'Training')
      } else if (event.kind === 'reference')
        progress(event.done / event.total, 'Measuring the model as it is')
      else progress(null, 'Measuring the model with the adapter')
    }
    state.result.value = await session.train(state.options.value, callback(onEvent))
    state.unsaved.value = true
  })
}

export async function answer(prompt: string, maxTokens: number): Promise<void> {
  state.answers.value = { before: '', after: '' }
  await work('answers', 'Answering', async () => {
    await session.answer(
      prompt,
      maxTokens,
      callback((side: 'before' | 'after', text: string) => {
        const now = state.answers.value ?? { before: '', after: '' }
        state.answers.value = { ...now, [side]: now[side] + text }
      }),
    )
  })
}

async function prepareFiles(): Promise<void> {
  try {
    state.outputs.value = await session.outputs()
    state.fail('files', null)
  } catch (error) {
    state.fail('files', failureOf(error))
  }
}

// Files follow the results, once nothing else runs.
effect(() => {
  if (!state.busy.value && (state.selection.value || state.result.value)) void prepareFiles()
})

// A plan takes a moment, so it waits until an option has settled.
let planned = 0
effect(() => {
  const options = state.options.value
  if (!state.pairs.value || !state.model.value || state.lost.value) return
  const turn = ++planned
  setTimeout(async () => {
    if (turn !== planned) return
    try {
      const plan = await session.plan(options)
      if (turn === planned) state.plan.value = plan
      if (turn === planned) state.fail('plan', null)
    } catch (error) {
      if (turn !== planned) return
      state.plan.value = null
      state.fail('plan', failureOf(error))
    }
  }, 300)
})
