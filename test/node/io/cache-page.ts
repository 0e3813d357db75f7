import { type Actions, actions } from './cache-actions'

export interface CachePage {
  actions: Actions
  /** Starts a worker and asks it; gives the answer, or null if it is terminated first. */
  inWorker(action: string, ...given: readonly unknown[]): Promise<unknown>
  terminate(): void
}

let worker: Worker | null = null
let give: (answer: unknown) => void = () => {}

const page: CachePage = {
  actions,
  inWorker(...message) {
    worker = new Worker('/test/node/io/cache-worker.ts', { type: 'module' })
    return new Promise((resolve, reject) => {
      give = resolve
      worker!.onmessage = ({ data }) => resolve(data)
      worker!.onerror = ({ message }) => reject(new Error(message))
      worker!.postMessage(message)
    })
  },
  terminate() {
    worker?.terminate()
    give(null)
  },
}

Object.assign(globalThis, { cachePage: page })
