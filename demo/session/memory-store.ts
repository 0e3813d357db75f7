import type { ModelStore } from '../../src/index'

/** A store for as long as a model is looked at: nothing of it stays. */
export function memoryStore(): ModelStore {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  return {
    name: 'memory',
    read: async path => files.get(path) ?? null,
    async write(path, bytes) {
      files.set(path, bytes)
    },
    async remove(path) {
      for (const name of files.keys()) if (name === path || name.startsWith(`${path}/`)) files.delete(name)
    },
    async list(folder) {
      const begin = folder === '' ? '' : `${folder}/`
      const below = [...files.keys()].filter(name => name.startsWith(begin))
      return [...new Set(below.map(name => name.slice(begin.length).split('/')[0]!))]
    },
    free: async () => null,
    async persist() {},
    // Only this look-up knows of it.
    lock: (_, work) => work(),
  }
}
