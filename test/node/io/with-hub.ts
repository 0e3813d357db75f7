import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type CachedHubOptions, cachedHubFiles } from '../../../src/io/cached-hub-files'
import { folderStore } from '../../../src/io/folder-store'
import type { ModelFiles } from '../../../src/io/model-files'
import type { ModelStore } from '../../../src/io/model-store'
import { HubServer } from './hub-server'

export const id = 'owner/tiny'

/** What the tests of a file share: a Hub, and for each test an empty store. */
export class Setting {
  hub!: HubServer
  folder!: string
  store!: ModelStore

  open(options: Partial<CachedHubOptions> = {}): ModelFiles {
    const { store, hub } = this
    return cachedHubFiles(id, { store, endpoint: hub.endpoint, retry: { delay: 1 }, ...options })
  }

  async readWeights(options: Partial<CachedHubOptions> = {}): Promise<Uint8Array> {
    const source = await this.open(options).open('model.safetensors')
    return source.read(0, source.size)
  }
}

/** Publishes `files` as `owner/tiny` before each test of the file. */
export function withHub(files: Readonly<Record<string, Uint8Array | string>>): Setting {
  const setting = new Setting()
  beforeAll(async () => {
    setting.hub = await HubServer.start()
  })
  afterAll(() => setting.hub[Symbol.asyncDispose]())
  beforeEach(async () => {
    const { hub } = setting
    setting.folder = await mkdtemp(join(tmpdir(), 'model-cache-'))
    setting.store = folderStore(setting.folder)
    hub.models.clear()
    hub.publish(id, files)
    hub.asked.length = 0
    hub.intervene = () => false
    hub.chunk = Number.POSITIVE_INFINITY
  })
  afterEach(() => rm(setting.folder, { recursive: true }))
  return setting
}

/** Whole files are compared as bytes: a difference of millions of numbers is not worth printing. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** What is expected to fail: bytes in place of an error would be printed, by the million. */
export const lengthOf = async (bytes: Promise<Uint8Array>): Promise<number> => (await bytes).length
