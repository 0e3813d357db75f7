import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CachedModel } from '../../../src/io/cached-models'
import { PIECE_BYTES } from '../../../src/io/stored-file'
import type { Failed } from './cache-actions'
import type { CachePage } from './cache-page'
import { HubServer, noise, sha256 } from './hub-server'

const id = 'owner/tiny'
const file = 'model.safetensors'
const weights = noise(PIECE_BYTES + 4321)

let hub: HubServer
let server: ViteDevServer
let browser: Browser
let cacheDir: string
let page: Page

beforeAll(async () => {
  hub = await HubServer.start()
  cacheDir = await mkdtemp(join(tmpdir(), 'opfs-test-'))
  const root = new URL('../../../', import.meta.url).pathname
  server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    cacheDir,
    appType: 'custom',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true, include: [] },
    plugins: [
      {
        name: 'page',
        configureServer: ({ middlewares }) => {
          middlewares.use('/page', (_, response) => {
            response.setHeader('content-type', 'text/html')
            response.end('<!doctype html><script type="module" src="/test/node/io/cache-page.ts"></script>')
          })
        },
      },
    ],
  })
  await server.listen()
  browser = await chromium.launch({
    ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
    args: ['--no-sandbox', '--disable-background-networking'],
  })
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await hub?.[Symbol.asyncDispose]()
  await rm(cacheDir, { recursive: true, force: true })
})

/** Every test has a browser profile of its own, and so an empty cache. */
beforeEach(async () => {
  hub.models.clear()
  hub.publish(id, { 'config.json': '{"a":1}', [file]: weights })
  hub.asked.length = 0
  hub.intervene = () => false
  hub.chunk = Number.POSITIVE_INFINITY
  page = await openPage(await browser.newContext())
})
afterEach(() => page.context().close())

async function openPage(context: { newPage(): Promise<Page> }): Promise<Page> {
  const opened = await context.newPage()
  await load(opened)
  return opened
}

async function load(opened: Page): Promise<void> {
  await opened.goto(`${server.resolvedUrls!.local[0]}page`)
  await opened.waitForFunction(() => 'cachePage' in globalThis)
}

const inPage = (action: string, ...given: readonly unknown[]): Promise<unknown> =>
  page.evaluate(
    ([action, given]) => {
      const { actions } = (globalThis as unknown as { cachePage: CachePage }).cachePage
      return Reflect.apply(actions[action as 'list'], actions, given as [])
    },
    [action, given] as const,
  )

const inWorker = (action: string, ...given: readonly unknown[]): Promise<unknown> =>
  page.evaluate(
    ([action, given]) =>
      (globalThis as unknown as { cachePage: CachePage }).cachePage.inWorker(
        action as string,
        ...(given as unknown[]),
      ),
    [action, given] as const,
  )

const terminate = () =>
  page.evaluate(() => (globalThis as unknown as { cachePage: CachePage }).cachePage.terminate())

const at = (options: Record<string, unknown> = {}) => ({ endpoint: hub.endpoint, ...options })
const begins = () => hub.ranges(file).map(range => Number(/=(\d+)-/.exec(range!)![1]) / PIECE_BYTES)

/** When a piece has been asked for, its answer held back. */
function reached(piece: number): Promise<void> {
  return new Promise(resolve => {
    hub.intervene = async ({ range }) => {
      if (!range?.startsWith(`bytes=${piece * PIECE_BYTES}-`)) return false
      resolve()
      await new Promise(wait => setTimeout(wait, 400))
      return false
    }
  })
}

describe.each([
  ['a worker', inWorker, true],
  ['a page', inPage, false],
])("the browser's own file system, in %s", (_, ask, isSync) => {
  test('keeps a model, which is then read without the Hub, and sends its token to no other origin', async () => {
    expect(await ask('isSync')).toBe(isSync)
    hub.models.get(id)!.token = 'hf_secret'
    expect(await ask('digest', id, file, at({ token: 'hf_secret' }))).toBe(sha256(weights))
    expect(begins()).toEqual([0, 1])
    const authorizations = (origin: string) =>
      hub.asked.filter(({ at }) => at === origin).map(({ authorization }) => authorization)
    expect(authorizations('cdn')).toEqual([undefined, undefined])
    expect(new Set(authorizations('hub'))).toEqual(new Set(['Bearer hf_secret']))
    hub.asked.length = 0
    expect(await ask('digest', id, file, at({ offline: true }))).toBe(sha256(weights))
    expect(hub.asked).toEqual([])
    const [listed] = (await ask('list')) as CachedModel[]
    expect(listed).toMatchObject({ id, complete: true, bytes: weights.length + 7, revisions: ['main'] })
    expect(await ask('remove', id, hub.endpoint)).toBe(true)
    expect(await ask('list')).toEqual([])
  })

  test('goes on where it was ended', async () => {
    const last = reached(1)
    const asking = ask('digest', id, file, at()).catch(() => null)
    await last
    // The piece before was being written: wait until it is whole.
    await expect.poll(() => inPage('begun', sha256(weights))).toBe(PIECE_BYTES)
    expect(((await inPage('list')) as CachedModel[])[0]?.bytes).toBe(PIECE_BYTES + 7)
    if (isSync) await terminate()
    else await load(page)
    expect(await asking).toBe(null)
    hub.intervene = () => false
    hub.asked.length = 0
    expect(await ask('digest', id, file, at())).toBe(sha256(weights))
    expect(begins()).toEqual([1])
  })

  test('says what is needed and what could go when the quota is used up, and goes on when there is room', async () => {
    hub.publish('owner/other', { 'config.json': '{"other":1}' })
    const large = noise(2 * PIECE_BYTES + 10, 5)
    hub.publish(id, { 'config.json': '{"a":1}', [file]: large })
    await ask('digest', 'owner/other', 'config.json', at())
    const session = await page.context().newCDPSession(page)
    const { origin } = new URL(page.url())
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1.5 * PIECE_BYTES })
    const failed = (await ask('digest', id, file, at())) as Failed
    expect(failed.name).toBe('StorageFullError')
    const present = large.length - failed.needed!
    expect(present).toBe(PIECE_BYTES)
    expect(failed.models!.map(model => model.id)).toEqual(['owner/other'])
    expect(failed.message).toMatch(/owner\/tiny: .* are still to be stored in .* owner\/other \(11 bytes\)/)
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    hub.asked.length = 0
    expect(await ask('digest', id, file, at())).toBe(sha256(large))
    expect(begins()).toEqual([1, 2])
  })
})

test('two tabs at once download a model once', async () => {
  hub.chunk = PIECE_BYTES / 16
  const other = await openPage(page.context())
  const first = inWorker('digest', id, file, at())
  const mine = page
  page = other
  const second = inWorker('digest', id, file, at())
  expect(await Promise.all([first, second])).toEqual([sha256(weights), sha256(weights)])
  page = mine
  expect(begins()).toEqual([0, 1])
})

test('a flipped byte is noticed, and its piece downloaded again', async () => {
  await inWorker('digest', id, file, at())
  await inPage('flip', sha256(weights), 1000)
  const failed = (await inWorker('digest', id, file, at({ offline: true }))) as Failed
  expect(failed.name).toBe('DamagedFileError')
  expect(failed.message).toMatch(
    `owner/tiny/${file}: bytes 0 to ${PIECE_BYTES} of the cached file are damaged`,
  )
  hub.asked.length = 0
  expect(await inWorker('digest', id, file, at())).toBe(sha256(weights))
  expect(begins()).toEqual([0])
  expect(await inWorker('digest', id, file, at({ offline: true }))).toBe(sha256(weights))
})
