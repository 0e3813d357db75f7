import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { fetchModel } from '../../../src/io/cached-hub-files'
import { clearModels, listModels, removeModel } from '../../../src/io/cached-models'
import { type ModelStore, StorageFullError } from '../../../src/io/model-store'
import { nodeModules } from '../../../src/io/node-modules'
import { PIECE_BYTES } from '../../../src/io/stored-file'
import { noise } from './hub-server'
import { id, isSame, lengthOf, withHub } from './with-hub'

const weights = noise(2 * PIECE_BYTES + 12345)
const at = withHub({ 'config.json': '{"model_type":"llama"}', 'model.safetensors': weights })

describe('listing and removing', () => {
  test('models, revisions and all of them', async () => {
    at.hub.publish('owner/other', { 'config.json': '{}' }, 'v1.0')
    const before = Date.now()
    await at.readWeights()
    await fetchModel('owner/other', { store: at.store, endpoint: at.hub.endpoint, revision: 'v1.0' })
    const [other, tiny] = await listModels(at.store)
    expect(other).toMatchObject({ id: 'owner/other', revisions: ['v1.0'], bytes: 2, size: 2, complete: true })
    expect(tiny).toMatchObject({ id, endpoint: at.hub.endpoint, revisions: ['main'], complete: true })
    expect(tiny!.bytes).toBe(tiny!.size)
    expect(tiny!.lastUsed!.getTime()).toBeGreaterThanOrEqual(before)
    const where = { endpoint: at.hub.endpoint }
    expect(await removeModel(at.store, 'owner/none', where)).toBe(false)
    expect(await removeModel(at.store, 'owner/other', { ...where, revision: 'main' })).toBe(false)
    expect(await removeModel(at.store, 'owner/other', { ...where, revision: 'v1.0' })).toBe(true)
    expect((await listModels(at.store)).map(model => model.id)).toEqual([id])
    // A mirror's model is another one.
    expect(await removeModel(at.store, id)).toBe(false)
    expect(await removeModel(at.store, id, where)).toBe(true)
    expect(await listModels(at.store)).toEqual([])
    await at.readWeights()
    await clearModels(at.store)
    expect((await readdir(at.folder)).filter(name => !name.startsWith('.'))).toEqual([])
  })

  test('what a killed process was writing is no revision', async () => {
    await at.readWeights()
    const [, model] = (await readdir(at.folder)).sort()
    const refs = join(at.folder, model!, 'refs')
    const commit = await readFile(join(refs, 'main'))
    // As far as it comes before it is killed.
    const written: string[] = []
    const rename = vi.spyOn(nodeModules()!.fs, 'rename').mockImplementation(async from => {
      written.push(from)
      throw new Error('killed')
    })
    await expect(at.store.write(`${model}/refs/main`, new Uint8Array(commit))).rejects.toThrow('killed')
    rename.mockRestore()
    await writeFile(written[0]!, commit)
    expect((await readdir(refs)).length).toBe(2)
    expect((await listModels(at.store))[0]).toMatchObject({ revisions: ['main'] })
  })

  test('an unfinished download is listed as such, and not removed while it runs', async () => {
    let reach = () => {}
    const reached = new Promise<void>(resolve => {
      reach = resolve
    })
    at.hub.intervene = async ({ range, url }) => {
      if (url.includes('.safetensors') && range === `bytes=${2 * PIECE_BYTES}-${weights.length - 1}`) {
        reach()
        await new Promise(resolve => setTimeout(resolve, 300))
      }
      return false
    }
    const reading = at.readWeights()
    await reached
    await expect(removeModel(at.store, id, { endpoint: at.hub.endpoint })).rejects.toThrow(/working on it/)
    const [listed] = await listModels(at.store)
    expect(listed).toMatchObject({ complete: false })
    expect(listed!.bytes).toBeLessThan(listed!.size)
    await reading
    expect((await listModels(at.store))[0]).toMatchObject({ complete: true })
  })
})

describe('a full disk', () => {
  test('is known before the download, with what is needed and what could go', async () => {
    at.hub.publish('owner/other', { 'config.json': '{"a":1}' })
    await fetchModel('owner/other', { store: at.store, endpoint: at.hub.endpoint })
    const error = await at
      .readWeights({ store: { ...at.store, free: async () => 1000 } })
      .catch(caught => caught)
    expect(error).toBeInstanceOf(StorageFullError)
    expect(error.needed).toBe(weights.length)
    expect(error.free).toBe(1000)
    expect(error.models.map((model: { id: string }) => model.id)).toEqual(['owner/other'])
    expect(error.message).toMatch(
      /16\.8 MB are still to be stored in .*1\.0 kB are free; remove .*owner\/other \(7 bytes\)/,
    )
    expect(at.hub.ranges('model.safetensors')).toEqual([])
  })

  test('in the middle of it keeps what has arrived', async () => {
    let full = true
    const small: ModelStore = {
      ...at.store,
      async write(path, bytes) {
        // The device that is always full gives the system's own error.
        if (full && path.includes('/000001-')) return writeFile('/dev/full', bytes)
        return at.store.write(path, bytes)
      },
    }
    await expect(lengthOf(at.readWeights({ store: small }))).rejects.toMatchObject({
      name: 'StorageFullError',
      needed: weights.length - PIECE_BYTES,
    })
    full = false
    at.hub.asked.length = 0
    expect(isSame(await at.readWeights({ store: small }), weights)).toBe(true)
    expect(at.hub.ranges('model.safetensors')[0]).toBe(`bytes=${PIECE_BYTES}-${2 * PIECE_BYTES - 1}`)
  })
})
