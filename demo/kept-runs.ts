import { session } from './client'
import { fail } from './state'
import { keptRun } from './training-state'
import { failureOf } from './work'

/** Looks for a training that was kept. */
export async function refreshKept(): Promise<void> {
  try {
    keptRun.value = await session.training.kept()
  } catch (error) {
    fail('kept', failureOf(error))
  }
}

export async function discardKept(): Promise<void> {
  fail('kept', null)
  try {
    await session.training.discard()
  } catch (error) {
    fail('kept', failureOf(error))
  }
  await refreshKept()
}
