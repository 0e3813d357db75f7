import type * as Jax from '@jax-js/jax'
import { adapterOf } from '../harness/adapter'
import type { Arrays, Contender } from '../harness/contender'
import { peerVersions } from '../harness/versions'

export type JaxModule = typeof Jax
export type JaxArrays = Record<string, Jax.Array>
/** Computes results by name, and uses up its inputs: `x.ref` where one is used again. */
export type JaxFunction = (jax: JaxModule, inputs: JaxArrays) => JaxArrays

/**
 * Computes y, and from the input `dy` the gradients of the inputs named: of `x` as `dx`.
 *
 * @param compute gives y
 */
export function pullBack(
  named: readonly string[],
  compute: (jax: JaxModule, inputs: JaxArrays) => Jax.Array,
): JaxFunction {
  return (jax, { dy, ...inputs }) => {
    const entries = Object.entries(inputs)
    const leaves = Object.fromEntries(entries.filter(([name]) => named.includes(name)))
    const others = Object.fromEntries(entries.filter(([name]) => !named.includes(name)))
    const [y, back] = jax.vjp((x: JaxArrays) => compute(jax, { ...x, ...others }), [leaves])
    const [gradients] = back(dy!) as [JaxArrays]
    back.dispose()
    return { y, ...Object.fromEntries(named.map(name => [`d${name}`, gradients[name]!])) }
  }
}

export interface JaxLibrary {
  contender(how: string, compute: JaxFunction): Contender
}

/** Of results that wait to be computed. */
const HELD_BYTES = 2 ** 28

/**
 * jax-js on WebGPU, compiled with `jit`.
 *
 * @throws {Error} if it does not run on WebGPU
 */
export async function openJax(): Promise<JaxLibrary> {
  giveIteratorsMethods()
  const jax: JaxModule = await import('@jax-js/jax')
  const ready = await jax.init('webgpu')
  if (!ready.includes('webgpu')) throw new Error('jax-js finds no WebGPU')
  jax.defaultDevice('webgpu')
  const device = jax.getWebGPUDevice()
  const { numpy: np } = jax
  return {
    contender(how, compute) {
      const jitted = jax.jit((inputs: JaxArrays) => compute(jax, inputs))
      let inputs: JaxArrays = {}
      let results: JaxArrays = {}
      const dispose = (arrays: JaxArrays) => {
        for (const array of Object.values(arrays)) array.dispose()
      }
      return {
        name: 'jax-js',
        version: peerVersions['@jax-js/jax'] ?? '',
        adapter: adapterOf(device),
        how,
        async load(arrays) {
          dispose(inputs)
          inputs = Object.fromEntries(
            Object.entries(arrays).map(([name, { shape, data }]) => [
              name,
              np
                .array(
                  data instanceof Uint32Array ? Int32Array.from(data) : (data as Float32Array<ArrayBuffer>),
                )
                .reshape([...shape]),
            ]),
          )
          await jax.blockUntilReady(inputs)
        },
        async run(times) {
          const call = () =>
            jitted(Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, array.ref])))
          // What is disposed before it was waited for is never computed, so many are held at a time.
          for (let left = times; left > 0; ) {
            dispose(results)
            results = call()
            const bytes = Object.values(results).reduce((sum, { size }) => sum + 4 * size, 0)
            const held = [results]
            while (held.length < Math.min(left, Math.ceil(HELD_BYTES / bytes))) held.push(call())
            await jax.blockUntilReady(held)
            results = held.pop()!
            for (const arrays of held) dispose(arrays)
            left -= held.length + 1
          }
          await device.queue.onSubmittedWorkDone()
        },
        async read() {
          const read: [string, Arrays[string]][] = []
          for (const [name, array] of Object.entries(results)) {
            read.push([name, { shape: array.shape, data: (await array.ref.data()) as Float32Array }])
          }
          return Object.fromEntries(read)
        },
        close() {
          dispose(inputs)
          dispose(results)
          jitted.dispose()
        },
      }
    },
  }
}

/** jax-js calls methods of iterators that came with Node 22. */
function giveIteratorsMethods(): void {
  const iterator: object = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))
  if ('map' in iterator) return
  const define = (name: string, value: unknown) =>
    Object.defineProperty(iterator, name, { value, configurable: true, writable: true })
  define('map', function* <T, U>(this: Iterable<T>, change: (value: T, i: number) => U) {
    let i = 0
    for (const value of this) yield change(value, i++)
  })
  define('filter', function* <T>(this: Iterable<T>, keep: (value: T, i: number) => boolean) {
    let i = 0
    for (const value of this) if (keep(value, i++)) yield value
  })
  define('toArray', function <T>(this: Iterable<T>) {
    return [...this]
  })
}
