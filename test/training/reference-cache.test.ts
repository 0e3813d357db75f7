import { describe, expect, test } from 'vitest'
import type { RunStore } from '../../src/io/run-store'
import type { PairLogProbs } from '../../src/training/micro-batch'
import {
  cachedReferences,
  labelledReferences,
  PIECE_EXAMPLES,
  pairReferences,
  removeReferences,
} from '../../src/training/reference-cache'
import { noise } from '../numbers'
import { contentOf, leftover, temporaryStore } from '../run-store'

type Pair = Parameters<typeof pairReferences.answers>[0] & { readonly index: number }

const answer = (tokens: number) => ({ ids: new Uint32Array(tokens + 3), answerBegin: 3 })
const pairs: Pair[] = Array.from({ length: 2 * PIECE_EXAMPLES + 9 }, (_, index) => ({
  index,
  chosen: answer(1 + (index % 7)),
  rejected: answer(1 + (index % 5)),
}))
const of = { model: 'm', data: 'd' }

const logProbsOf = ({ index, chosen, rejected }: Pair): PairLogProbs => ({
  chosen: noise(chosen.ids.length - 3, 2 * index),
  rejected: noise(rejected.ids.length - 3, 2 * index + 1),
})
const wanted = pairs.map(logProbsOf)

/** The references of the pairs, with the parts that were computed for them. */
async function references(store: RunStore, { key = of, examples = pairs, failAt = -1 } = {}) {
  const computed: number[] = []
  const progress: number[] = []
  const found = cachedReferences(
    store,
    key,
    examples,
    pairReferences,
    async (part, report) => {
      if (part[0]!.index === failAt) throw new Error('ended')
      computed.push(part[0]!.index)
      report(1)
      return part.map(logProbsOf)
    },
    {
      onProgress: (done, total) => {
        expect(total).toBe(examples.length)
        progress.push(done)
      },
    },
  )
  return { found: await found, computed, progress }
}

const pieces = async (store: RunStore) => {
  const [folder] = await store.list('')
  return (await store.list(folder!)).sort().map(name => `${folder}/${name}`)
}

describe('reference log-probs', () => {
  test('are computed once, and bit for bit the same ever after', async () => {
    const store = temporaryStore()
    const first = await references(store)
    expect(first.found).toEqual(wanted)
    expect(first.computed).toEqual([0, 256, 512])
    expect(first.progress).toEqual([1, 256, 257, 512, 513, 521])
    const second = await references(store)
    expect(second.found).toEqual(wanted)
    expect(second.computed).toEqual([])
    expect(second.progress).toEqual([256, 512, 521])
    const values = wanted.reduce((sum, { chosen, rejected }) => sum + chosen.length + rejected.length, 0)
    const contents = await Promise.all((await pieces(store)).map(path => contentOf(store, path)))
    expect(contents.reduce((sum, { length }) => sum + length, 0)).toBe(4 * values)
  })

  test('of a pass that was ended are computed from there on', async () => {
    const store = temporaryStore()
    await expect(references(store, { failAt: 512 })).rejects.toThrow('ended')
    const [first] = await pieces(store)
    // What a process leaves that was killed while it wrote.
    await store.write(`${first!.split('/')[0]}/${leftover('000002')}`, new Uint8Array(10))
    const { found, computed } = await references(store)
    expect(found).toEqual(wanted)
    expect(computed).toEqual([512])
    expect(await pieces(store)).toHaveLength(3)
  })

  test('that are damaged are computed again', async () => {
    const store = temporaryStore()
    await references(store)
    const [first, second, third] = await pieces(store)
    const bytes = await contentOf(store, first!)
    bytes[100]! ^= 1
    await store.write(first!, bytes)
    await store.write(second!, (await contentOf(store, second!)).slice(0, -4))
    // A whole file of something else: its name is that of its content.
    await store.write(`${first!.split('/')[0]}/000002-${await sha256(new Uint8Array(8))}`, new Uint8Array(8))
    const { found, computed } = await references(store)
    expect(found).toEqual(wanted)
    expect(computed).toEqual([0, 256])
    await store.remove(third!)
    expect((await references(store)).computed).toEqual([512])
    expect(await pieces(store)).toEqual([first, second, third])
  })

  test('of another model or data are others', async () => {
    const store = temporaryStore()
    await references(store)
    expect((await references(store, { key: { ...of, model: 'n' } })).computed).toEqual([0, 256, 512])
    expect((await references(store)).computed).toEqual([])
    expect(await store.list('')).toHaveLength(2)
    await store.write('checkpoint', new Uint8Array(1))
    await removeReferences(store)
    expect(await store.list('')).toEqual(['checkpoint'])
  })

  test('of single answers are kept too', async () => {
    const store = temporaryStore()
    const examples = [3, 1, 8].map(tokens => ({ answer: answer(tokens) }))
    const compute = async (part: readonly (typeof examples)[number][]) =>
      part.map((_, n) => noise(_.answer.ids.length - 3, n))
    const twice = [compute, () => Promise.reject(new Error('computed again'))]
    for (const each of twice)
      expect(await cachedReferences(store, of, examples, labelledReferences, each)).toEqual(
        await compute(examples),
      )
  })

  test('stop between parts where they are told to', async () => {
    const store = temporaryStore()
    const stop = new AbortController()
    const compute = async (part: readonly Pair[]) => {
      stop.abort(new Error('enough'))
      return part.map(logProbsOf)
    }
    await expect(
      cachedReferences(store, of, pairs, pairReferences, compute, { signal: stop.signal }),
    ).rejects.toThrow('enough')
    expect((await references(store)).computed).toEqual([256, 512])
  })
})

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
}
