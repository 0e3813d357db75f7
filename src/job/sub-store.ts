import type { RunStore } from '../io/run-store'

/** A folder of a store as a store of its own, which shares nothing with others of it. */
export const subStore = (store: RunStore, folder: string): RunStore => {
  const below = (path: string) => (path === '' ? folder : `${folder}/${path}`)
  return {
    name: `${store.name}/${folder}`,
    read: path => store.read(below(path)),
    open: path => store.open(below(path)),
    write: (path, content) => store.write(below(path), content),
    remove: path => store.remove(below(path)),
    list: path => store.list(below(path)),
    free: () => store.free(),
    persist: () => store.persist(),
    lock: (name, work, options) => store.lock(below(name), work, options),
  }
}
