import type { ModelStore } from './model-store'
import { defaultStore } from './open-model-files'

/** Beside the models, under a name that is no model's. */
const PATH = '.tuning.json'

/**
 * What `tuneGpu` found, kept in a store: by default the one that models of the Hub go to; undefined where there is none.
 * It is one small file of texts by key, and what it holds of a key is lost where it is damaged.
 */
export function tuningCache(store: ModelStore | null = defaultStore()) {
  if (!store) return undefined
  const read = async (): Promise<Record<string, unknown>> => {
    const bytes = await store.read(PATH)
    try {
      const entries: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes))
      return entries instanceof Object ? { ...entries } : {}
    } catch {
      return {}
    }
  }
  return {
    async get(key: string): Promise<string | undefined> {
      const value = (await read())[key]
      return typeof value === 'string' ? value : undefined
    },
    async set(key: string, value: string): Promise<void> {
      const text = `${JSON.stringify({ ...(await read()), [key]: value }, null, 2)}\n`
      await store.write(PATH, new TextEncoder().encode(text))
    },
  }
}
