import { signal } from '@preact/signals'
import type { ModelFacts, Refusal, Shelf, StorageName } from './model-protocol'

/** Whether the panel shows more than the model in use. */
export const choosing = signal(false)
/** The model that was looked up, to be used or not. */
export const facts = signal<ModelFacts | null>(null)
/** How its weights would be stored. */
export const storage = signal<StorageName>('f16')
export const refusal = signal<Refusal | null>(null)
/** What is kept in this browser; null until it is looked at. */
export const shelf = signal<Shelf | null>(null)
/** What went with the model before. */
export const dropped = signal<string | null>(null)

/** Its place in the browser's storage for the page, if the visitor wants it there. */
const TOKEN = 'tabtune.hub-token'

function storedToken(): string | null {
  try {
    return localStorage.getItem(TOKEN)
  } catch {
    // Where the browser lets the page keep nothing.
    return null
  }
}

/** The visitor's token of the Hub; empty for none. */
export const token = signal(storedToken() ?? '')
/** Whether it stays when the page is closed. */
export const keepsToken = signal(storedToken() !== null)

export function setToken(value: string, keeps: boolean): void {
  token.value = value
  keepsToken.value = keeps
  try {
    if (keeps && value !== '') localStorage.setItem(TOKEN, value)
    else localStorage.removeItem(TOKEN)
  } catch {
    keepsToken.value = false
  }
}
