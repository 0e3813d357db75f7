import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { cachedHubFiles, fetchModel } from '../../../src/io/cached-hub-files'
import { listModels, removeModel } from '../../../src/io/cached-models'
import { folderStore } from '../../../src/io/folder-store'
import { DamagedFileError } from '../../../src/io/hub-error'
import type { ModelStore } from '../../../src/io/model-store'
import { PIECE_BYTES } from '../../../src/io/stored-file'
import type { DownloadProgress } from '../../../src/io/url-source'
import { noise, sha256 } from './hub-server'
import { id, isSame, lengthOf, withHub } from './with-hub'

const weights = noise(2 * PIECE_BYTES + 12345)
const files = {
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{"tokens":["ä"]}',
  'README.md': '# Tiny',
  'model.safetensors': weights,
  'pytorch_model.bin': noise(1000, 2),
}
const at = withHub(files)

async function piecePaths(): Promise<string[]> {
  const all = await readdir(at.folder, { recursive: true })
  return all.filter(path => path.includes(sha256(weights)) && /\d{6}-[0-9a-f]{64}$/.test(path)).sort()
}

async function flip(path: string, place: number): Promise<void> {
  const bytes = await readFile(join(at.folder, path))
  bytes[place]! ^= 1
  await writeFile(join(at.folder, path), bytes)
}

describe('a model is downloaded once', () => {
  test('in pieces, from one commit, and read from the store ever after', async () => {
    const progress: DownloadProgress[] = []
    const cached = at.open({ onProgress: at => progress.push(at) })
    expect(cached.name).toBe(id)
    expect(at.hub.asked).toEqual([])
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
    expect(at.hub.ranges('model.safetensors')).toEqual([
      `bytes=0-${PIECE_BYTES - 1}`,
      `bytes=${PIECE_BYTES}-${2 * PIECE_BYTES - 1}`,
      `bytes=${2 * PIECE_BYTES}-${weights.length - 1}`,
    ])
    expect(progress.at(-1)).toEqual({
      path: 'model.safetensors',
      loaded: weights.length,
      total: weights.length,
    })
    const { commit } = at.hub.models.get(id)!.revisions.get('main')!
    expect(
      at.hub.asked.filter(({ url }) => url.includes('/resolve/')).every(({ url }) => url.includes(commit)),
    ).toBe(true)

    // With a connection, only what the branch stands for is asked.
    at.hub.asked.length = 0
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    expect(at.hub.asked.map(({ url }) => url)).toEqual([`/api/models/${id}/revision/main?blobs=true`])
    // A commit is always the same, and offline nothing is asked at all.
    at.hub.asked.length = 0
    expect(isSame(await at.readWeights({ revision: commit }), weights)).toBe(true)
    expect(isSame(await at.readWeights({ offline: true }), weights)).toBe(true)
    expect(at.hub.asked).toEqual([])
  })

  test('with its small files, and without what computing does not take', async () => {
    const info = await fetchModel(id, { store: at.store, endpoint: at.hub.endpoint })
    expect(info.bytes).toBe(weights.length + 22 + 17)
    expect(at.hub.ranges('pytorch_model.bin')).toEqual([])
    expect(at.hub.ranges('README.md')).toEqual([])
    expect(await at.open({ offline: true }).text('config.json')).toBe(files['config.json'])
    await expect(at.open({ offline: true }).text('README.md')).rejects.toThrow(
      /owner\/tiny\/README\.md is not wholly in the cache .*load it once with a connection/,
    )
    expect(await at.open().text('README.md')).toBe('# Tiny')
  })

  test('without a connection the branch is what it was', async () => {
    await at.readWeights()
    at.hub.intervene = (_, response) => {
      response.destroy()
      return true
    }
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    await expect(at.open({ revision: 'dev' }).has('config.json')).rejects.toMatchObject({ reason: 'offline' })
    await expect(at.open({ revision: 'dev', offline: true }).has('config.json')).rejects.toThrow(
      /revision 'dev' is not in the cache/,
    )
  })

  test('can be read with a connection where nothing can be written', async () => {
    await at.readWeights()
    const refuse = async () => {
      throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
    }
    const store: ModelStore = { ...at.store, write: refuse, lock: refuse, remove: refuse }
    for (const revision of ['main', at.hub.models.get(id)!.revisions.get('main')!.commit])
      expect(isSame(await at.readWeights({ store, revision }), weights)).toBe(true)
  })

  test('a new commit takes only what has changed', async () => {
    await at.readWeights()
    at.hub.publish(id, { ...files, 'config.json': '{"model_type":"mistral"}' })
    at.hub.asked.length = 0
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    expect(await at.open().text('config.json')).toBe('{"model_type":"mistral"}')
    expect(at.hub.ranges('model.safetensors')).toEqual([])
    expect((await listModels(at.store)).map(({ complete, revisions }) => ({ complete, revisions }))).toEqual(
      expect.arrayContaining([
        { complete: true, revisions: ['main'] },
        { complete: true, revisions: [] },
      ]),
    )
  })

  test('two at once do the work once', async () => {
    at.hub.chunk = PIECE_BYTES / 16
    const [a, b] = await Promise.all([
      at.readWeights(),
      cachedHubFiles(id, {
        store: folderStore(at.folder),
        endpoint: at.hub.endpoint,
      }).open('model.safetensors'),
    ])
    at.hub.chunk = Number.POSITIVE_INFINITY
    expect(isSame(a, weights)).toBe(true)
    expect(isSame(await b.read(0, b.size), weights)).toBe(true)
    expect(at.hub.ranges('model.safetensors').length).toBe(3)
  })
})

describe('a damaged store', () => {
  beforeEach(async () => {
    await at.readWeights()
    at.hub.asked.length = 0
  })

  test('a flipped byte is noticed, and its piece downloaded again', async () => {
    const [, second] = await piecePaths()
    await flip(second!, 77)
    await expect(lengthOf(at.readWeights({ repair: false }))).rejects.toThrow(DamagedFileError)
    await expect(lengthOf(at.readWeights({ offline: true }))).rejects.toThrow(
      `owner/tiny/model.safetensors: bytes ${PIECE_BYTES} to ${2 * PIECE_BYTES} of the cached file are damaged`,
    )
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    expect(at.hub.ranges('model.safetensors')).toEqual([`bytes=${PIECE_BYTES}-${2 * PIECE_BYTES - 1}`])
    expect(isSame(await at.readWeights({ offline: true }), weights)).toBe(true)
  })

  test('so is a piece that is short or was removed, and one that cannot be had again', async () => {
    const [first, , third] = await piecePaths()
    await writeFile(join(at.folder, first!), new Uint8Array(5))
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    await rm(join(at.folder, third!))
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    await flip(third!, 0)
    at.hub.intervene = ({ url }, response) => {
      if (!url.includes('model.safetensors')) return false
      response.writeHead(500).end()
      return true
    }
    await expect(lengthOf(at.readWeights())).rejects.toThrow(
      /damaged and could not be downloaded again; .*answered 500/,
    )
  })

  test('is read on without one piece of room, and so is a model that was removed, which stays so', async () => {
    const [first] = await piecePaths()
    await flip(first!, 5)
    const write = async () => {
      throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
    }
    expect(isSame(await at.readWeights({ store: { ...at.store, write } }), weights)).toBe(true)
    const source = await at.open().open('model.safetensors')
    await source.read(0, 5)
    await removeModel(at.store, id, { endpoint: at.hub.endpoint })
    expect(isSame(await source.read(0, weights.length), weights)).toBe(true)
    expect((await readdir(at.folder)).filter(name => !name.startsWith('.'))).toEqual([])
  })

  test('a damaged record is asked for again', async () => {
    const record = (await readdir(at.folder, { recursive: true })).find(path => path.endsWith('.json'))!
    await flip(record, 400)
    await expect(lengthOf(at.readWeights({ offline: true }))).rejects.toThrow(/is not in the cache/)
    expect(isSame(await at.readWeights(), weights)).toBe(true)
    expect(at.hub.ranges('model.safetensors')).toEqual([])
  })
})

test('an unusable id, path or revision is refused before anything is asked', async () => {
  expect(() => cachedHubFiles('a/b/c', { store: at.store })).toThrow(/is not the id of a model/)
  expect(() => at.open({ revision: '../x' })).toThrow(/is not a branch/)
  await expect(at.open().open('../secret')).rejects.toThrow(/not a relative path/)
  expect(at.hub.asked).toEqual([])
})
