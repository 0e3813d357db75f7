import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Gpu } from '../../src/gpu/gpu'
import type { Tensor } from '../../src/gpu/tensor'
import { StoreBusyError } from '../../src/io/model-store'
import type { RunStore } from '../../src/io/run-store'
import { RunStoreFullError } from '../../src/io/run-store'
import { holdRun, latestCheckpoint, removeCheckpoints, writeCheckpoint } from '../../src/training/checkpoint'
import { CheckpointError } from '../../src/training/errors'
import { test } from '../gpu'
import { noise } from '../numbers'
import { contentOf, leftover, temporaryStore } from '../run-store'

const nameOf = (step: number) => `checkpoint-${String(step).padStart(6, '0')}.safetensors`
const fingerprint = { data: 'd', seed: '0' }

/** Tensors of a run whose values are of this step. */
const tensorsAt = (gpu: Gpu, step: number): Map<string, Tensor> =>
  new Map([
    ['values', gpu.tensor([70, 3], noise(210, step))],
    ['steps', gpu.tensor([1], Uint32Array.of(0xdeadbeef + step))],
  ])

async function write(gpu: Gpu, store: RunStore, step: number): Promise<void> {
  const state = { step, tokens: 10 * step, optimizerSteps: step - 1, fingerprint }
  await writeCheckpoint(gpu, store, { ...state, tensors: tensorsAt(gpu, step) })
}

const filesOf = async (store: RunStore) => (await store.list('')).filter(name => !name.startsWith('.')).sort()

/** The step that a run would go on from, where values and place are those of that step. */
async function resumed(gpu: Gpu, store: RunStore, problems: string[] = []): Promise<number | null> {
  const found = await latestCheckpoint(store, { onDamaged: ({ message }) => problems.push(message) })
  if (!found) return null
  const { step } = found
  expect(found).toMatchObject({
    tokens: 10 * step,
    optimizerSteps: step - 1,
    fingerprint,
    file: nameOf(step),
  })
  const [tensors, wanted] = [tensorsAt(gpu, 0), tensorsAt(gpu, step)]
  await found.restore(gpu, tensors)
  for (const [name, tensor] of tensors)
    expect(await gpu.readU32(tensor)).toEqual(await gpu.readU32(wanted.get(name)!))
  return step
}

describe('checkpoints', () => {
  test('give back every bit, and where the run stood', async ({ gpu }) => {
    const store = temporaryStore()
    expect(await resumed(gpu, store)).toBe(null)
    await write(gpu, store, 7)
    expect(await resumed(gpu, store)).toBe(7)
  })

  test('are kept two at a time, in the order of their steps', async ({ gpu }) => {
    const store = temporaryStore()
    await store.write('notes.txt', new Uint8Array(1))
    for (const step of [2, 4, 999_999, 1_000_000, 1_000_001]) await write(gpu, store, step)
    expect(await filesOf(store)).toEqual([nameOf(1_000_000), nameOf(1_000_001), 'notes.txt'])
    expect(await resumed(gpu, store)).toBe(1_000_001)
    await removeCheckpoints(store)
    expect(await filesOf(store)).toEqual(['notes.txt'])
  })

  test('that are damaged give way to the one before, which is said', async ({ gpu }) => {
    const store = temporaryStore()
    for (const step of [10, 20]) await write(gpu, store, step)
    const bytes = await contentOf(store, nameOf(20))
    bytes[bytes.length >> 1]! ^= 4
    await store.write(nameOf(20), bytes)
    const problems: string[] = []
    expect(await resumed(gpu, store, problems)).toBe(10)
    expect(problems).toEqual([
      'checkpoint-000020.safetensors: it is cut short or was changed: its digest is not that of its content',
    ])
    // The run goes on from there: the damaged one is in nobody's way.
    await write(gpu, store, 15)
    expect(await filesOf(store)).toEqual([nameOf(10), nameOf(15)])
    await store.write(nameOf(10), bytes)
    await store.write(nameOf(15), new Uint8Array(0))
    const error = await latestCheckpoint(store).catch(caught => caught)
    expect(error).toBeInstanceOf(CheckpointError)
    expect(error.message).toMatch(
      /has no whole checkpoint: .*-000015\.safetensors: .*-000010.*to begin anew$/,
    )
  })

  test('of a run that was ended at any byte leave a whole one', ({ gpu }) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ step: fc.integer({ min: 1, max: 9 }), cut: fc.double({ min: 0, max: 1 }) }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.boolean(),
        async (runs, inPlace) => {
          const store = temporaryStore()
          let [step, last] = [0, 0]
          for (const { step: more, cut } of runs) {
            // Two are written whole, the third one is ended: under its own name, or where nothing can be renamed.
            for (let n = 0; n < 2; n++) {
              step += more
              await write(gpu, store, step)
              last = step
            }
            await write(gpu, store, step + more)
            const bytes = await contentOf(store, nameOf(step + more))
            const part = bytes.slice(0, Math.floor(cut * (bytes.length - 1)))
            await store.remove(nameOf(step + more))
            await write(gpu, store, last)
            await store.write(inPlace ? nameOf(step + more) : leftover(nameOf(step + more)), part)
            const problems: string[] = []
            expect(await resumed(gpu, store, problems)).toBe(last)
            expect(problems).toHaveLength(inPlace ? 1 : 0)
          }
          await write(gpu, store, step + 1)
          expect(await store.list('')).not.toContainEqual(expect.stringContaining('unfinished'))
        },
      ),
      { numRuns: 15 },
    ))

  test('that do not fit leave the earlier ones', async ({ gpu }) => {
    const store = temporaryStore()
    for (const step of [1, 2]) await write(gpu, store, step)
    // A disk that gets full after the first piece.
    const full: RunStore = {
      ...store,
      write: (path, content) =>
        store.write(
          path,
          (async function* () {
            yield* content as AsyncIterable<Uint8Array<ArrayBuffer>>
            throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
          })(),
        ),
    }
    const error = await write(gpu, full, 3).catch(caught => caught)
    expect(error).toBeInstanceOf(RunStoreFullError)
    expect(error.file).toBe(nameOf(3))
    expect(error.bytes).toBe((await contentOf(store, nameOf(2))).length)
    expect(await filesOf(store)).toEqual([nameOf(1), nameOf(2)])
    expect(await resumed(gpu, store)).toBe(2)
  })

  test('of other tensors are refused, and change nothing', async ({ gpu }) => {
    const store = temporaryStore()
    await write(gpu, store, 3)
    const found = (await latestCheckpoint(store))!
    const values = gpu.tensor([70, 3], noise(210, 50))
    const steps = gpu.tensor([1], Uint32Array.of(1))
    const cases: [Map<string, Tensor>, string][] = [
      [new Map([['values', values]]), "of 'steps' it has u32 [1], this run has none"],
      [
        new Map([
          ['values', values],
          ['steps', gpu.tensor([1], Float32Array.of(1))],
        ]),
        "of 'steps' it has u32 [1], this run has f32 [1]",
      ],
      [
        new Map([
          ['values', values],
          ['steps', gpu.tensor([2], Uint32Array.of(1, 2))],
        ]),
        "of 'steps' it has u32 [1], this run has u32 [2]",
      ],
      [
        new Map([
          ['values', values],
          ['steps', steps],
          ['more', steps],
        ]),
        "of 'more' it has none, this run has u32 [1]",
      ],
    ]
    for (const [tensors, message] of cases) {
      await expect(found.restore(gpu, tensors)).rejects.toThrow(
        new CheckpointError(`checkpoint-000003.safetensors: ${message}`),
      )
    }
    expect(await gpu.read(values)).toEqual(noise(210, 50))
  })
})

test('a store is held by one run at a time, and free after it', async () => {
  const store = temporaryStore()
  for (let run = 0; run < 3; run++) {
    const release = await holdRun(store)
    await expect(holdRun(store)).rejects.toThrow(StoreBusyError)
    await release()
  }
})
