import { version } from '../../package.json'
import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { type RunStore, removeUnfinished, writeRunFile } from '../io/run-store'
import {
  type CheckpointPlace,
  type CheckpointTensor,
  decodeCheckpoint,
  encodeCheckpoint,
} from './checkpoint-file'
import { CheckpointError } from './errors'

/** What a run is at a step: everything that its next steps depend on. */
export interface CheckpointState extends Omit<CheckpointPlace, 'version'> {
  /** Trained values, the optimizer's state and the loss's, each by a name of its own. */
  readonly tensors: ReadonlyMap<string, Tensor>
}

/** A whole checkpoint of a store. */
export interface Checkpoint extends CheckpointPlace {
  /** Its file in the store. */
  readonly file: string
  /**
   * Writes its values to tensors.
   *
   * @throws {CheckpointError} if names, sizes or types are not those of the checkpoint; nothing is written then
   */
  restore(gpu: Gpu, tensors: ReadonlyMap<string, Tensor>): Promise<void>
}

export interface LatestOptions {
  /** Called for each later checkpoint that is damaged, so that an earlier one is taken. */
  readonly onDamaged?: ((problem: CheckpointError) => void) | undefined
}

/** Values of one transfer between GPU and file: 8 MiB. */
const PART = 2 ** 21

/**
 * Writes a checkpoint, `checkpoint-<step>.safetensors`, and removes all but it and the one before. Whatever ends the
 * process meanwhile leaves the earlier ones whole. The tensors must not change until it has ended.
 *
 * @throws {RunStoreFullError} where space runs out; the earlier checkpoints stay
 */
export async function writeCheckpoint(gpu: Gpu, store: RunStore, state: CheckpointState): Promise<void> {
  const { tensors, ...place } = state
  const stored = new Map([...tensors].map(([name, tensor]) => [name, onGpu(gpu, tensor)]))
  const { bytes, content } = encodeCheckpoint({ ...place, version }, stored)
  await writeRunFile(store, nameOf(state.step), bytes, content)
  const steps = await stepsOf(store)
  // A later one is damaged, or else this run would have begun there.
  const kept = [state.step, ...steps.filter(step => step < state.step).slice(0, 1)]
  for (const step of steps) if (!kept.includes(step)) await store.remove(nameOf(step))
  await removeUnfinished(store, '')
}

/**
 * The last checkpoint of a store that is whole, or null if there is none.
 *
 * @throws {CheckpointError} if there are only damaged ones
 */
export async function latestCheckpoint(
  store: RunStore,
  { onDamaged }: LatestOptions = {},
): Promise<Checkpoint | null> {
  const problems: CheckpointError[] = []
  for (const step of await stepsOf(store)) {
    const file = nameOf(step)
    const source = await store.open(file)
    if (!source) continue
    try {
      const { place, tensors } = await decodeCheckpoint(source, file)
      for (const problem of problems) onDamaged?.(problem)
      return { ...place, file, restore: (gpu, wanted) => restore(gpu, file, tensors, wanted) }
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error
      problems.push(error)
    }
  }
  if (problems.length === 0) return null
  throw new CheckpointError(
    `${store.name} has no whole checkpoint: ${problems.map(({ message }) => message).join('; ')}. Remove them to begin anew`,
  )
}

/** Removes a run's checkpoints. */
export async function removeCheckpoints(store: RunStore): Promise<void> {
  for (const step of await stepsOf(store)) await store.remove(nameOf(step))
  await removeUnfinished(store, '')
}

/**
 * Takes a store for one run, and asks the system not to evict it. Gives what ends that; the end of the process or tab
 * does too.
 *
 * @throws {StoreBusyError} if another run has it
 */
export async function holdRun(store: RunStore): Promise<() => Promise<void>> {
  let release = () => {}
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  let ended = Promise.resolve()
  await store.persist().catch(() => {})
  await new Promise<void>((taken, reject) => {
    const hold = () => {
      taken()
      return released
    }
    ended = store.lock('run', hold, { wait: false })
    ended.catch(reject)
  })
  return () => {
    release()
    return ended
  }
}

const nameOf = (step: number) => `checkpoint-${String(step).padStart(6, '0')}.safetensors`

/** Steps of the checkpoints that are there, the last one first. */
async function stepsOf(store: RunStore): Promise<number[]> {
  const steps: number[] = []
  for (const name of await store.list('')) {
    const step = Number(/^checkpoint-(\d+)\.safetensors$/.exec(name)?.[1])
    if (nameOf(step) === name) steps.push(step)
  }
  return steps.sort((a, b) => b - a)
}

/** Bits of any type: they are neither converted here nor there. */
const partOf = (tensor: Tensor, begin: number, end: number) => tensor.view([tensor.size]).rows(begin, end)

const onGpu = (gpu: Gpu, tensor: Tensor): CheckpointTensor => ({
  dtype: tensor.dtype,
  shape: tensor.shape,
  async read(begin, end) {
    const { buffer } = await gpu.readU32(partOf(tensor, begin, end))
    return new Uint8Array(buffer as ArrayBuffer)
  },
})

async function restore(
  gpu: Gpu,
  file: string,
  found: ReadonlyMap<string, CheckpointTensor>,
  wanted: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const told = (of: Pick<Tensor, 'dtype' | 'shape'> | undefined) =>
    of ? `${of.dtype} [${of.shape.join(', ')}]` : 'none'
  for (const name of new Set([...found.keys(), ...wanted.keys()])) {
    const [there, here] = [told(found.get(name)), told(wanted.get(name))]
    if (there !== here)
      throw new CheckpointError(`${file}: of '${name}' it has ${there}, this run has ${here}`)
  }
  for (const [name, tensor] of wanted) {
    const stored = found.get(name)!
    for (let begin = 0; begin < tensor.size; begin += PART) {
      const end = Math.min(tensor.size, begin + PART)
      const { buffer } = await stored.read(begin, end)
      gpu.write(partOf(tensor, begin, end), new Uint32Array(buffer))
    }
  }
}
