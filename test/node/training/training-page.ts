import { filesOf, type Line, trainKept } from './training-actions'

export interface TrainingPage {
  /** Begins to train, here or in a worker; `say` is given what it says. */
  start(name: string, where: 'page' | 'worker'): void
  filesOf: typeof filesOf
}

declare const say: (line: Line) => void

const trainingPage: TrainingPage = {
  start(name, where) {
    if (where === 'page') {
      trainKept(name, say)
      return
    }
    const worker = new Worker('/test/node/training/training-worker.ts', { type: 'module' })
    worker.onmessage = ({ data }) => say(data)
    worker.onerror = ({ message }) => say({ failed: 'worker', message })
    worker.postMessage(name)
  },
  filesOf,
}

Object.assign(globalThis, { trainingPage })
