import { batch } from '@preact/signals'
import { bundledModel, callback, session } from './client'
import type { KeptModel, LookUp, ModelChoice, ModelFacts, StorageName, TemplateName } from './model-protocol'
import * as chosen from './model-state'
import { bytes } from './parts/format'
import { Speed } from './parts/speed'
import * as state from './state'
import { clearTraining, result } from './training-state'
import { failureOf, type OnProgress, work } from './work'

/** Weights that are no burden as f32, in bytes. */
const SMALL = 300e6

export const loadBundled = () =>
  work('model', 'Loading the model', async progress => {
    const choice = { place: { kind: 'bundled', address: bundledModel }, storage: 'f32' } as const
    await load(choice, progress)
  })

/** Loads a model that was used before. @throws {Error} saying why it cannot be */
export async function loadChoice(choice: ModelChoice): Promise<void> {
  const loaded = await work('model', 'Loading the model', progress => load(choice, progress))
  if (!loaded) throw new Error(state.failures.value.model?.message ?? 'The model was not loaded.')
}

/** Asks what a model is and takes; of what it is made nothing is downloaded yet. */
export async function lookUp(place: ModelFacts['place']): Promise<void> {
  batch(() => {
    chosen.facts.value = null
    chosen.refusal.value = null
    chosen.dropped.value = null
  })
  const name = place.kind === 'folder' ? place.name : place.id
  const answer = await work<LookUp>('model', `Looking up ${name}`, async () => session.shelf.lookUp(place))
  if (!answer) return
  if ('refusal' in answer) {
    chosen.refusal.value = answer.refusal
    state.announcement.value = answer.refusal.message
    return
  }
  const { size } = answer.facts
  chosen.facts.value = answer.facts
  if ('needs' in size) chosen.storage.value = preset(size.needs[0]!.weights)
  else state.announcement.value = size.unusable
}

const preset = (f32: number): StorageName => (f32 <= SMALL ? 'f32' : 'f16')

/** Downloads the model that was looked up, as far as it is not here, and puts it in place of the present one. */
export async function useModel(facts: ModelFacts, storage: StorageName): Promise<void> {
  const { place, name, keeps } = facts
  const downloads = place.kind === 'hub'
  await work('model', downloads ? `Downloading ${name}` : `Loading ${name}`, async progress => {
    const from = downloads && keeps ? await session.shelf.fetch(place, downloading(facts, progress)) : place
    if (await load({ place: from, storage }, progress)) {
      chosen.choosing.value = false
      chosen.facts.value = null
    }
  })
  await refreshShelf()
}

/** Tells how a download goes on. What an earlier one left is read and checked first. */
function downloading({ name, bytes: total, present: before }: ModelFacts, progress: OnProgress) {
  // The page may ask, its worker may not; some browsers ask the visitor.
  navigator.storage?.persist?.().catch(() => {})
  const speed = new Speed()
  return callback((present: number) => {
    const sum = `${bytes(present)} of ${bytes(total)}`
    if (present < before) {
      progress(present / total, `Checking what is here of ${name}`, { note: sum, secondsLeft: null })
      return
    }
    const rate = speed.add(present)
    progress(present / total, `Downloading ${name}`, {
      note: rate === null ? sum : `${sum}, ${bytes(rate)} a second`,
      secondsLeft: rate ? (total - present) / rate : null,
    })
  })
}

/** @returns whether it is there; where it cannot be loaded and the one before is gone, the bundled one is */
async function load(choice: ModelChoice, progress: OnProgress): Promise<boolean> {
  const label = `Loading ${choice.place.kind === 'bundled' ? 'the model' : 'it to the GPU'}`
  progress(null, label)
  const onProgress = callback((fraction: number) => progress(fraction, label))
  const { model, failure, loaded } = await session.loadModel(choice, onProgress)
  batch(() => {
    const before = state.model.value
    chosen.dropped.value = before && leftBehind(before.name)
    state.clearScores()
    clearTraining()
    state.model.value = model
    if (failure) state.fail('model', failure)
  })
  return loaded
}

/** What of the results was of the model before. */
function leftBehind(name: string): string | null {
  const parts = [
    ...(state.scores.value ? ['the scores'] : []),
    ...(result.value ? ['the adapter'] : []),
    ...(state.answers.value ? ['the answers'] : []),
  ]
  if (parts.length === 0) return null
  const list = parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
  return `The model was changed: ${list} of ${name === 'bundled' ? 'the bundled model' : name} are gone.`
}

/** Writes conversations with another template; null for the model's own. */
export async function chooseTemplate(template: TemplateName | null): Promise<void> {
  await work('model', 'Changing the chat template', async () => {
    const model = await session.useTemplate(template)
    batch(() => {
      chosen.dropped.value =
        result.value || state.answers.value
          ? 'The chat template was changed: the adapter and the answers of the one before are gone.'
          : null
      clearTraining()
      state.model.value = model
    })
  })
}

export async function refreshShelf(): Promise<void> {
  await onShelf(() => session.shelf.kept())
}

export async function removeModel({ id, commit }: KeptModel): Promise<void> {
  await onShelf(() => session.shelf.remove({ kind: 'kept', id, commit }))
}

export async function clearModels(): Promise<void> {
  await onShelf(() => session.shelf.clear())
}

async function onShelf(change: () => Promise<NonNullable<typeof chosen.shelf.value>>): Promise<void> {
  try {
    const shelf = await change()
    const facts = chosen.facts.value
    const here = shelf.models.find(({ id, commit }) => id === facts?.name && commit === facts.commit)
    batch(() => {
      chosen.shelf.value = shelf
      if (facts?.place.kind === 'hub') chosen.facts.value = { ...facts, present: here?.bytes ?? 0 }
      else if (facts?.place.kind === 'kept' && !here) chosen.facts.value = null
    })
  } catch (error) {
    state.fail('model', failureOf(error))
  }
}
