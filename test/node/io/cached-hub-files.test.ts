import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CachedHubOptions, cachedHubFiles, fetchModel } from '../../../src/io/cached-hub-files'
import { clearModels, listModels, removeModel } from '../../../src/io/cached-models'
import { folderStore } from '../../../src/io/folder-store'
import { DamagedFileError, HubError } from '../../../src/io/hub-error'
import { type ModelStore, StorageFullError } from '../../../src/io/model-store'
import { PIECE_BYTES } from '../../../src/io/stored-file'
import type { DownloadProgress } from '../../../src/io/url-source'
import { HubServer, noise, sha256 } from './hub-server'

const id = 'owner/tiny'
const weights = noise(2 * PIECE_BYTES + 12345)
const files = {
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{"tokens":["ä"]}',
  'README.md': '# Tiny',
  'model.safetensors': weights,
  'pytorch_model.bin': noise(1000, 2),
}

let hub: HubServer
let folder: string
let store: ModelStore
beforeAll(async () => {
  hub = await HubServer.start()
})
afterAll(() => hub[Symbol.asyncDispose]())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-cache-'))
  store = folderStore(folder)
  hub.models.clear()
  hub.publish(id, files)
  hub.asked.length = 0
  hub.intervene = () => false
})
afterEach(() => rm(folder, { recursive: true }))

const open = (options: Partial<CachedHubOptions> = {}) =>
  cachedHubFiles(id, { store, endpoint: hub.endpoint, retry: { delay: 1 }, ...options })

/** What is expected to fail: bytes in place of an error would be printed, by the million. */
const lengthOf = async (bytes: Promise<Uint8Array>) => (await bytes).length

/** Whole files are compared as bytes: a difference of millions of numbers is not worth printing. */
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

async function readAll(options: Partial<CachedHubOptions> = {}): Promise<Uint8Array> {
  const source = await open(options).open('model.safetensors')
  return source.read(0, source.size)
}

async function piecePaths(): Promise<string[]> {
  const all = await readdir(folder, { recursive: true })
  return all.filter(path => path.includes(sha256(weights)) && /\d{6}-[0-9a-f]{64}$/.test(path)).sort()
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(join(folder, path))
  bytes[at]! ^= 1
  await writeFile(join(folder, path), bytes)
}

describe('a model is downloaded once', () => {
  test('in pieces, from one commit, and read from the store ever after', async () => {
    const progress: DownloadProgress[] = []
    const cached = open({ onProgress: at => progress.push(at) })
    expect(cached.name).toBe(id)
    expect(hub.asked).toEqual([])
    expect(await cached.has('config.json')).toBe(true)
    expect(await cached.has('none.json')).toBe(false)
    await expect(cached.open('none.json')).rejects.toThrow("owner/tiny: there is no file 'none.json'")
    expect(await cached.text('tokenizer.json')).toBe(files['tokenizer.json'])
    const source = await cached.open('model.safetensors')
    expect(source.size).toBe(weights.length)
    for (const [begin, end] of [
      [0, 8],
      [PIECE_BYTES - 3, PIECE_BYTES + 5],
      [5, 2 * PIECE_BYTES + 7],
      [weights.length, weights.length],
    ] as const)
      expect(isSame(await source.read(begin, end), weights.subarray(begin, end))).toBe(true)
    await expect(source.read(0, weights.length + 1)).rejects.toThrow(/were asked for/)
    expect(hub.ranges('model.safetensors')).toEqual([
      `bytes=0-${PIECE_BYTES - 1}`,
      `bytes=${PIECE_BYTES}-${2 * PIECE_BYTES - 1}`,
      `bytes=${2 * PIECE_BYTES}-${weights.length - 1}`,
    ])
    expect(progress.at(-1)).toEqual({
      path: 'model.safetensors',
      loaded: weights.length,
      total: weights.length,
    })
    const { commit } = hub.models.get(id)!.revisions.get('main')!
    expect(
      hub.asked.filter(({ url }) => url.includes('/resolve/')).every(({ url }) => url.includes(commit)),
    ).toBe(true)

    // With a connection, only what the branch stands for is asked.
    hub.asked.length = 0
    expect(isSame(await readAll(), weights)).toBe(true)
    expect(hub.asked.map(({ url }) => url)).toEqual([`/api/models/${id}/revision/main?blobs=true`])
    // A commit is always the same, and offline nothing is asked at all.
    hub.asked.length = 0
    expect(isSame(await readAll({ revision: commit }), weights)).toBe(true)
    expect(isSame(await readAll({ offline: true }), weights)).toBe(true)
    expect(hub.asked).toEqual([])
  })

  test('with its small files, and without what computing does not take', async () => {
    const info = await fetchModel(id, { store, endpoint: hub.endpoint })
    expect(info.bytes).toBe(weights.length + 22 + 17)
    expect(hub.ranges('pytorch_model.bin')).toEqual([])
    expect(hub.ranges('README.md')).toEqual([])
    expect(await open({ offline: true }).text('config.json')).toBe(files['config.json'])
    await expect(open({ offline: true }).text('README.md')).rejects.toThrow(
      /owner\/tiny\/README\.md is not wholly in the cache .*load it once with a connection/,
    )
    expect(await open().text('README.md')).toBe('# Tiny')
  })

  test('without a connection the branch is what it was', async () => {
    await readAll()
    hub.intervene = (_, response) => {
      response.destroy()
      return true
    }
    expect(isSame(await readAll(), weights)).toBe(true)
    await expect(open({ revision: 'dev' }).has('config.json')).rejects.toMatchObject({ reason: 'offline' })
    await expect(open({ revision: 'dev', offline: true }).has('config.json')).rejects.toThrow(
      /revision 'dev' is not in the cache/,
    )
  })

  test('a new commit takes only what has changed', async () => {
    await readAll()
    hub.publish(id, { ...files, 'config.json': '{"model_type":"mistral"}' })
    hub.asked.length = 0
    expect(isSame(await readAll(), weights)).toBe(true)
    expect(await open().text('config.json')).toBe('{"model_type":"mistral"}')
    expect(hub.ranges('model.safetensors')).toEqual([])
    expect((await listModels(store)).map(({ complete, revisions }) => ({ complete, revisions }))).toEqual(
      expect.arrayContaining([
        { complete: true, revisions: ['main'] },
        { complete: true, revisions: [] },
      ]),
    )
  })

  test('two at once do the work once', async () => {
    hub.chunk = PIECE_BYTES / 16
    const [a, b] = await Promise.all([
      readAll(),
      cachedHubFiles(id, {
        store: folderStore(folder),
        endpoint: hub.endpoint,
      }).open('model.safetensors'),
    ])
    hub.chunk = Number.POSITIVE_INFINITY
    expect(isSame(a, weights)).toBe(true)
    expect(isSame(await b.read(0, b.size), weights)).toBe(true)
    expect(hub.ranges('model.safetensors').length).toBe(3)
  })
})

describe('a damaged store', () => {
  beforeEach(async () => {
    await readAll()
    hub.asked.length = 0
  })

  test('a flipped byte is noticed, and its piece downloaded again', async () => {
    const [, second] = await piecePaths()
    await flip(second!, 77)
    await expect(lengthOf(readAll({ repair: false }))).rejects.toThrow(DamagedFileError)
    await expect(lengthOf(readAll({ offline: true }))).rejects.toThrow(
      `owner/tiny/model.safetensors: bytes ${PIECE_BYTES} to ${2 * PIECE_BYTES} of the cached file are damaged`,
    )
    expect(isSame(await readAll(), weights)).toBe(true)
    expect(hub.ranges('model.safetensors')).toEqual([`bytes=${PIECE_BYTES}-${2 * PIECE_BYTES - 1}`])
    expect(isSame(await readAll({ offline: true }), weights)).toBe(true)
  })

  test('so is a piece that is short or was removed, and one that cannot be had again', async () => {
    const [first, , third] = await piecePaths()
    await writeFile(join(folder, first!), new Uint8Array(5))
    expect(isSame(await readAll(), weights)).toBe(true)
    await rm(join(folder, third!))
    expect(isSame(await readAll(), weights)).toBe(true)
    await flip(third!, 0)
    hub.intervene = ({ url }, response) => {
      if (!url.includes('model.safetensors')) return false
      response.writeHead(500).end()
      return true
    }
    await expect(lengthOf(readAll())).rejects.toThrow(
      /damaged and could not be downloaded again; .*answered 500/,
    )
  })

  test('a damaged record is asked for again', async () => {
    const record = (await readdir(folder, { recursive: true })).find(path => path.endsWith('.json'))!
    await flip(record, 400)
    await expect(lengthOf(readAll({ offline: true }))).rejects.toThrow(/is not in the cache/)
    expect(isSame(await readAll(), weights)).toBe(true)
    expect(hub.ranges('model.safetensors')).toEqual([])
  })
})

describe('listing and removing', () => {
  test('models, revisions and all of them', async () => {
    hub.publish('owner/other', { 'config.json': '{}' }, 'v1.0')
    const before = Date.now()
    await readAll()
    await fetchModel('owner/other', { store, endpoint: hub.endpoint, revision: 'v1.0' })
    const [other, tiny] = await listModels(store)
    expect(other).toMatchObject({ id: 'owner/other', revisions: ['v1.0'], bytes: 2, size: 2, complete: true })
    expect(tiny).toMatchObject({ id, endpoint: hub.endpoint, revisions: ['main'], complete: true })
    expect(tiny!.bytes).toBe(tiny!.size)
    expect(tiny!.lastUsed!.getTime()).toBeGreaterThanOrEqual(before)
    const at = { endpoint: hub.endpoint }
    expect(await removeModel(store, 'owner/none', at)).toBe(false)
    expect(await removeModel(store, 'owner/other', { ...at, revision: 'main' })).toBe(false)
    expect(await removeModel(store, 'owner/other', { ...at, revision: 'v1.0' })).toBe(true)
    expect((await listModels(store)).map(model => model.id)).toEqual([id])
    // A mirror's model is another one.
    expect(await removeModel(store, id)).toBe(false)
    expect(await removeModel(store, id, at)).toBe(true)
    expect(await listModels(store)).toEqual([])
    await readAll()
    await clearModels(store)
    expect((await readdir(folder)).filter(name => !name.startsWith('.'))).toEqual([])
  })

  test('an unfinished download is listed as such, and not removed while it runs', async () => {
    let reach = () => {}
    const reached = new Promise<void>(resolve => {
      reach = resolve
    })
    hub.intervene = async ({ range, url }) => {
      if (url.includes('.safetensors') && range === `bytes=${2 * PIECE_BYTES}-${weights.length - 1}`) {
        reach()
        await new Promise(resolve => setTimeout(resolve, 300))
      }
      return false
    }
    const reading = readAll()
    await reached
    await expect(removeModel(store, id, { endpoint: hub.endpoint })).rejects.toThrow(/downloading it/)
    const [listed] = await listModels(store)
    expect(listed).toMatchObject({ complete: false })
    expect(listed!.bytes).toBeLessThan(listed!.size)
    await reading
    expect((await listModels(store))[0]).toMatchObject({ complete: true })
  })
})

describe('a full disk', () => {
  test('is known before the download, with what is needed and what could go', async () => {
    hub.publish('owner/other', { 'config.json': '{"a":1}' })
    await fetchModel('owner/other', { store, endpoint: hub.endpoint })
    const error = await readAll({ store: { ...store, free: async () => 1000 } }).catch(caught => caught)
    expect(error).toBeInstanceOf(StorageFullError)
    expect(error.needed).toBe(weights.length)
    expect(error.free).toBe(1000)
    expect(error.models.map((model: { id: string }) => model.id)).toEqual(['owner/other'])
    expect(error.message).toMatch(
      /16\.8 MB are still to be stored in .*1\.0 kB are free; remove .*owner\/other \(7 bytes\)/,
    )
    expect(hub.ranges('model.safetensors')).toEqual([])
  })

  test('in the middle of it keeps what has arrived', async () => {
    let full = true
    const small: ModelStore = {
      ...store,
      async write(path, bytes) {
        // The device that is always full gives the system's own error.
        if (full && path.includes('/000001-')) return writeFile('/dev/full', bytes)
        return store.write(path, bytes)
      },
    }
    await expect(lengthOf(readAll({ store: small }))).rejects.toMatchObject({
      name: 'StorageFullError',
      needed: weights.length - PIECE_BYTES,
    })
    full = false
    hub.asked.length = 0
    expect(isSame(await readAll({ store: small }), weights)).toBe(true)
    expect(hub.ranges('model.safetensors')[0]).toBe(`bytes=${PIECE_BYTES}-${2 * PIECE_BYTES - 1}`)
  })
})

test('an unusable id, path or revision is refused before anything is asked', async () => {
  expect(() => cachedHubFiles('a/b/c', { store })).toThrow(/is not the id of a model/)
  expect(() => open({ revision: '../x' })).toThrow(/is not a branch/)
  await expect(open().open('../secret')).rejects.toThrow(/not a relative path/)
  expect(hub.asked).toEqual([])
  expect(HubError.prototype).toBeInstanceOf(Error)
})
