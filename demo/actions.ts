import { effect } from '@preact/signals'
import { callback, session } from './client'
import { refreshKept } from './kept-runs'
import { loadBundled } from './model-actions'
import type { GivenPairs } from './protocol'
import { readRows } from './row-actions'
import * as state from './state'
import { clearTraining, plan, result } from './training-state'
import { failureOf, inTurn, work } from './work'

const onLost = callback((reason: string) => {
  state.lost.value = reason
})

const tellTuning = (fraction: number) => {
  state.opening.value = `Trying which kernels are fastest here, once: ${Math.round(100 * fraction)} %`
}

export async function start(): Promise<void> {
  try {
    state.device.value = await session.open(onLost, callback(tellTuning))
  } catch (error) {
    state.unavailable.value = failureOf(error)
    return
  }
  await loadBundled()
  await refreshKept()
}

/** Opens the GPU again. Data and results stay; work that was going on is lost. */
export async function startAgain(): Promise<void> {
  await work('model', 'Opening the GPU', async progress => {
    state.device.value = await session.open(onLost, callback(tellTuning))
    state.model.value = await session.reloadModel(callback(progress))
    state.lost.value = null
    state.failures.value = {}
    // Trained weights that were on the GPU alone went with it.
    if (result.value?.config.trained === 'full') clearTraining()
  })
  await refreshKept()
}

export const cancel = async (): Promise<void> => {
  const { stage } = state.task.value ?? {}
  if (state.task.value) state.task.value = { ...state.task.value, cancelling: true }
  await (stage === 'training' ? session.training.stop() : session.cancel())
}

export function readPairs(given: GivenPairs): Promise<void> {
  return inTurn(async () => {
    state.givenPairs.value = given
    state.pairs.value = null
    plan.value = null
    clearTraining()
    await work('pairs', `Reading ${given.name}`, async progress => {
      state.pairs.value = await session.readPairs(given, callback(progress))
      state.prompts.value = await session.prompts()
    })
  })
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
  await Promise.all([
    readRows({ file: files[0], name: 'rows.json' }),
    readPairs({ file: files[1], name: 'pairs.json' }),
  ])
}

export async function answer(prompt: string): Promise<void> {
  state.answers.value = { before: '', after: '' }
  await work('answers', 'Answering', async () => {
    await session.answer(
      prompt,
      state.answerSettings.value,
      callback((side: 'before' | 'after', text: string) => {
        const now = state.answers.value ?? { before: '', after: '' }
        state.answers.value = { ...now, [side]: now[side] + text }
      }),
    )
  })
}

// Files follow the results, once nothing else runs and the choice has rested for a moment. Those of results that have
// changed are taken away at once, so that what is saved is what is seen.
let turnOfFiles = 0
let made: readonly unknown[] = [null, null, null]
effect(() => {
  const results = [state.selection.value, result.value, state.answers.value]
  const busy = state.busy.value
  const turn = ++turnOfFiles
  if (results.every((result, n) => result === made[n])) return
  state.outputs.value = []
  if (busy || (!state.selection.value && !result.value)) return
  setTimeout(async () => {
    if (turn !== turnOfFiles) return
    try {
      const outputs = await session.outputs()
      if (turn !== turnOfFiles) return
      made = results
      state.outputs.value = outputs
      state.fail('files', null)
    } catch (error) {
      if (turn === turnOfFiles) state.fail('files', failureOf(error))
    }
  }, 400)
})
