import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { listModels } from '../../../src/io/cached-models'
import { folderStore } from '../../../src/io/folder-store'
import { tuningCache } from '../../../src/io/tuning-cache'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabtune-tuning-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})
const file = () => join(folder, '.tuning.json')

test('what was found is kept by adapter, beside the models and no model itself', async () => {
  vi.stubEnv('TABTUNE_CACHE', folder)
  const cache = tuningCache()!
  expect(await cache.get('a|b')).toBeUndefined()
  await cache.set('a|b', 'small')
  await cache.set('c', 'large')
  await cache.set('a|b', 'direct')
  const again = tuningCache(folderStore(folder))!
  expect([await again.get('a|b'), await again.get('c'), await again.get('toString')]).toEqual([
    ...['direct', 'large', undefined],
  ])
  expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual({ 'a|b': 'direct', c: 'large' })
  expect(await listModels(folderStore(folder))).toEqual([])
})

test.for(['', '{', 'null', '7', '"small"', '[]', '{"a": 1}', '{"a": null}', '\0\xff'])(
  'a file of %o holds nothing, and is replaced',
  async content => {
    await writeFile(file(), content)
    const cache = tuningCache(folderStore(folder))!
    expect(await cache.get('a')).toBeUndefined()
    await cache.set('a', 'medium')
    expect(await cache.get('a')).toBe('medium')
  },
)

test('where nothing can be written, the system says why', async () => {
  await mkdir(file())
  await expect(tuningCache(folderStore(folder))!.set('a', 'medium')).rejects.toThrow(
    /EISDIR|ENOTEMPTY|EEXIST/,
  )
})

test('without a store there is no cache', () => {
  expect(tuningCache(null)).toBeUndefined()
})
