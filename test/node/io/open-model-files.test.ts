import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesFromList, ModelFilesError } from '../../../src/io/model-files'
import { openModelFiles } from '../../../src/io/open-model-files'
import { HubServer } from './hub-server'

let hub: HubServer
let folder: string
const cache = process.env.TABTUNE_CACHE
beforeAll(async () => {
  hub = await HubServer.start()
  folder = await mkdtemp(join(tmpdir(), 'open-model-'))
  await mkdir(join(folder, 'model'))
  await writeFile(join(folder, 'model', 'config.json'), '"on disk"')
  process.env.TABTUNE_CACHE = join(folder, 'cache')
  hub.publish('owner/model', { 'config.json': '"of the hub"' })
  hub.publish('owner/model', { 'config.json': '"of dev"' }, 'dev')
})
afterAll(async () => {
  if (cache === undefined) delete process.env.TABTUNE_CACHE
  else process.env.TABTUNE_CACHE = cache
  await rm(folder, { recursive: true })
  await hub[Symbol.asyncDispose]()
})

const config = async (...given: Parameters<typeof openModelFiles>) =>
  (await openModelFiles(...given)).text('config.json')

test('an id of the Hub, with its revision, is kept in the folder that $TABTUNE_CACHE names', async () => {
  const { endpoint } = hub
  expect(await config('owner/model', { endpoint })).toBe('"of the hub"')
  expect(await config('owner/model@dev', { endpoint })).toBe('"of dev"')
  expect(await config('owner/model', { endpoint, revision: 'dev' })).toBe('"of dev"')
  expect(await config('owner/model@dev', { endpoint, revision: 'dev', offline: true })).toBe('"of dev"')
  expect((await readdir(join(folder, 'cache'))).some(name => name.startsWith('owner--model@'))).toBe(true)
  await expect(config('owner/model@dev', { endpoint, revision: 'main' })).rejects.toThrow(
    /the revision is also given as 'main'/,
  )
})

test("the address of a model's page is its id", async () => {
  const { endpoint } = hub
  const files = await openModelFiles(`${endpoint}/owner/model`, { endpoint })
  expect(files.name).toBe('owner/model')
  expect(await files.text('config.json')).toBe('"of the hub"')
  expect(await config(new URL(`${endpoint}/owner/model/tree/dev`), { endpoint })).toBe('"of dev"')
})

test('without a store nothing is kept', async () => {
  const { endpoint } = hub
  hub.asked.length = 0
  expect(await config('owner/model', { endpoint, store: null })).toBe('"of the hub"')
  expect(hub.asked.map(({ url }) => url)).toEqual(['/owner/model/resolve/main/config.json'])
  await expect(config('owner/model', { endpoint, store: null, offline: true })).rejects.toThrow(
    /nothing is kept here/,
  )
})

test('a path is a folder: absolute, relative, at home, as a URL, or simply there', async () => {
  const path = join(folder, 'model')
  const forms = [path, `${path}/`, `./${relative('.', path)}`, relative('.', path), pathToFileURL(path)]
  for (const form of forms) expect(await config(form)).toBe('"on disk"')
  expect((await openModelFiles('~')).name).toBe(basename(homedir()))
  for (const none of [join(folder, 'none'), './none', '../none', '~/none-of-this-name'])
    await expect(openModelFiles(none)).rejects.toThrow(`${none}: there is no such model folder`)
})

test('files that are open already, and files that were listed', async () => {
  const list = [new File(['"listed"'], 'config.json')]
  expect(await config(list)).toBe('"listed"')
  const files = filesFromList(list)
  expect(await openModelFiles(files)).toBe(files)
})

test('another address is read where it is', async () => {
  const base = `${hub.endpoint}/owner/model/resolve/dev/`
  expect(await config(base)).toBe('"of dev"')
})

test('what a source cannot have is refused, and a token above all', async () => {
  const other = `${hub.cdn}/anywhere`
  await expect(openModelFiles(other, { token: 'hf_secret' })).rejects.toThrow(
    /the token is for https:\/\/huggingface\.co and goes nowhere else/,
  )
  await expect(openModelFiles(other, { token: 'hf_secret', endpoint: hub.endpoint })).rejects.toThrow(
    ModelFilesError,
  )
  await expect(openModelFiles(other, { revision: 'dev' })).rejects.toThrow(
    /only models of the Hub take a rev/,
  )
  await expect(openModelFiles(folder, { offline: true })).rejects.toThrow(
    /only models of the Hub take offline/,
  )
  await expect(openModelFiles('ftp://host/model')).rejects.toThrow(/'ftp:' is not a scheme/)
  await expect(openModelFiles(`${hub.endpoint}/owner/50%zz`, { endpoint: hub.endpoint })).rejects.toThrow(
    new ModelFilesError("'owner/50%zz/' is not the address of a model: a % in it stands for no character"),
  )
  await expect(openModelFiles('a model')).rejects.toThrow(/'a model' is not the id of a model/)
})
