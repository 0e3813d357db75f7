import { proxy, type Remote, wrap } from 'comlink'
import type { Session } from './session/session'
import { unavailable } from './state'
import workerAddress from './worker?worker&url'

/** The address of the model that comes with the page. */
export const bundledModel = new URL('model/', document.baseURI).href

/**
 * Starts the session in its worker. A worker from a blob is under the page's content security policy, which a worker from an
 * address is not: so the browser itself refuses to send what is read here anywhere.
 */
function startSession(onError: (message: string) => void): Remote<Session> {
  const address = new URL(workerAddress, document.baseURI).href
  const blob = new Blob([`import ${JSON.stringify(address)}`], { type: 'text/javascript' })
  const worker = new Worker(URL.createObjectURL(blob), { type: 'module', name: 'tabtune' })
  worker.addEventListener('error', event => {
    onError(event.message || 'The worker could not be loaded. Reload the page.')
  })
  return wrap<Session>(worker)
}

export const session = startSession(message => {
  unavailable.value = { name: 'Error', message }
})

/** A callback that the worker may call. */
export const callback = <Args extends unknown[]>(call: (...args: Args) => void) => proxy(call)
