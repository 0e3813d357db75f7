import { describe, expect, test } from 'vitest'
import { ModelFilesError } from '../../src/io/byte-source'
import { StoreBusyError } from '../../src/io/model-store'
import { RunStoreFullError, removeUnfinished, writeRunFile } from '../../src/io/run-store'
import { contentOf, leftover, temporaryStore } from '../run-store'

const bytes = (...values: number[]) => Uint8Array.from(values)

async function* pieces(...lengths: number[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const [n, length] of lengths.entries()) yield new Uint8Array(length).fill(n + 1)
}

describe('a store of runs', () => {
  test('writes a file in pieces and reads parts of it', async () => {
    const store = temporaryStore()
    await store.write('a/b', pieces(3, 0, 100_000, 2))
    const source = (await store.open('a/b'))!
    expect(source.size).toBe(100_005)
    expect(await source.read(1, 4)).toEqual(bytes(1, 1, 3))
    expect(await source.read(100_002, 100_005)).toEqual(bytes(3, 4, 4))
    await expect(source.read(1, 100_006)).rejects.toThrow(ModelFilesError)
    expect(await store.list('a')).toEqual(['b'])
    expect(await store.open('a/c')).toBe(null)
    expect(await store.open('c/b')).toBe(null)
    expect(await store.open('a')).toBe(null)
  })

  test('replaces a file by a shorter one', async () => {
    const store = temporaryStore()
    await store.write('a', pieces(5, 5))
    await store.write('a', bytes(7))
    expect(await contentOf(store, 'a')).toEqual(bytes(7))
    expect(await store.list('')).toEqual(['a'])
  })

  test('leaves a file as it was where writing it anew ends in the middle', async () => {
    const store = temporaryStore()
    await store.write('a', bytes(1, 2, 3))
    const failing = async function* () {
      yield new Uint8Array(100)
      throw new Error('enough')
    }
    await expect(store.write('a', failing())).rejects.toThrow('enough')
    await expect(store.write('b', failing())).rejects.toThrow('enough')
    expect(await contentOf(store, 'a')).toEqual(bytes(1, 2, 3))
    expect(await store.list('')).toEqual(['a'])
  })

  test('says which file does not fit, and how large it is', async () => {
    const store = temporaryStore()
    await store.write('a', bytes(1))
    const cause = new DOMException('no room', 'QuotaExceededError')
    const full = async function* () {
      yield new Uint8Array(100)
      throw cause
    }
    const error = await writeRunFile(store, 'a', 12_345_678, full()).catch(caught => caught)
    expect(error).toBeInstanceOf(RunStoreFullError)
    expect(error).toMatchObject({ file: 'a', bytes: 12_345_678, cause })
    expect(error.free).toBeGreaterThan(0)
    expect(error.message).toMatch(
      /^a: its 12\.3 MB do not fit into .*, .* are free\. .* make room, and resume$/,
    )
    expect(await contentOf(store, 'a')).toEqual(bytes(1))
    const other = async function* () {
      yield new Uint8Array(100)
      throw new Error('other')
    }
    await expect(writeRunFile(store, 'a', 100, other())).rejects.toThrow('other')
  })

  test('removes what ended processes left, and nothing else', async () => {
    const store = temporaryStore()
    for (const name of ['a', leftover('a'), '.b', 'c.unfinished', 'in/d', `in/${leftover('d')}`])
      await store.write(name, bytes(1))
    await removeUnfinished(store, '')
    expect((await store.list('')).sort()).toEqual(['.b', 'a', 'c.unfinished', 'in'])
    await removeUnfinished(store, 'in')
    expect(await store.list('in')).toEqual(['d'])
  })

  test('is locked by one at a time', async () => {
    const store = temporaryStore()
    const inner = store.lock('run', () => store.lock('run', async () => 1, { wait: false }), { wait: false })
    await expect(inner).rejects.toThrow(StoreBusyError)
    await expect(inner).rejects.toThrow(/run: another (tab|process) is working on it/)
    expect(await store.lock('run', async () => 2, { wait: false })).toBe(2)
  })
})
