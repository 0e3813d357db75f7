import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TrainStep } from '../../../src/training/train'
import { root } from '../../cli/command'
import { launch } from '../../demo/open-page'
import type { Line } from './training-actions'
import type { TrainingPage } from './training-page'

let cacheDir: string
let server: ViteDevServer
let browser: Browser
let page: Page
/** What has been said since the last start. */
let lines: Line[] = []

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'killed-in-browser-'))
  server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    cacheDir,
    appType: 'custom',
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true, include: [], exclude: ['webgpu'] },
    plugins: [
      {
        name: 'page',
        configureServer: ({ middlewares }) => {
          middlewares.use('/page', (_, response) => {
            response.setHeader('content-type', 'text/html')
            response.end(
              '<!doctype html><script type="module" src="/test/node/training/training-page.ts"></script>',
            )
          })
        },
      },
    ],
  })
  await server.listen()
  browser = await launch()
  page = await (await browser.newContext()).newPage()
  await page.exposeFunction('say', (line: Line) => {
    lines.push(line)
  })
  await load()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await rm(cacheDir, { recursive: true, force: true })
})

async function load(): Promise<void> {
  await page.goto(`${server.resolvedUrls!.local[0]}page`)
  await page.waitForFunction(() => 'trainingPage' in globalThis)
}

type Inside = { trainingPage: TrainingPage }

async function start(name: string, where: 'page' | 'worker'): Promise<void> {
  lines = []
  await page.evaluate(
    ([name, where]) => (globalThis as unknown as Inside).trainingPage.start(name, where as 'page' | 'worker'),
    [name, where] as const,
  )
}

const filesOf = (name: string) =>
  page.evaluate(name => (globalThis as unknown as Inside).trainingPage.filesOf(name), name)

async function until(holds: (line: Line) => unknown): Promise<void> {
  const latest = Date.now() + 30_000
  while (!lines.some(holds)) {
    if (Date.now() > latest) throw new Error(`nothing came after ${JSON.stringify(lines.at(-1))}`)
    await pause(2)
  }
}

const ended = () => until(({ bits, failed }) => bits ?? failed)
const stepsOf = (said: readonly Line[]) => said.flatMap(({ trained }) => trained ?? [])
const written = (said: readonly Line[]) => Math.max(0, ...said.map(({ written = 0 }) => written))

let whole: { readonly steps: readonly TrainStep[]; readonly bits: Line['bits']; readonly files: string[] }

beforeAll(async () => {
  await start('whole', 'worker')
  await ended()
  whole = { steps: stepsOf(lines), bits: lines.at(-1)!.bits, files: await filesOf('whole') }
  expect(whole.steps).toHaveLength(20)
})

/** Goes on after `before` was said, to the end: nothing that was written is lost, and every number is as it would be. */
async function expectGoesOn(name: string, where: 'page' | 'worker', before: readonly Line[]): Promise<void> {
  await start(name, where)
  await ended()
  expect(lines.at(-1)).toMatchObject({ bits: whole.bits })
  expect(lines.find(line => 'resumed' in line)?.resumed).toBeGreaterThanOrEqual(written(before))
  for (const step of [...stepsOf(before), ...stepsOf(lines)]) expect(step).toEqual(whole.steps[step.step - 1])
  expect(await filesOf(name)).toEqual(whole.files)
}

test('a run goes on after its GPU process has crashed', async () => {
  await start('crashed', 'worker')
  await until(({ written }) => written === 6)
  const session = await browser.newBrowserCDPSession()
  await session.send('Browser.crashGpuProcess')
  await session.detach()
  await ended()
  expect(lines.at(-1)).toMatchObject({ failed: 'DeviceLostError' })
  await expectGoesOn('crashed', 'worker', lines)
}, 120_000)

test('a run goes on after its tab was reloaded, again and again', async () => {
  let before: Line[] = []
  for (const step of [2, 8]) {
    await start('reloaded', 'worker')
    await until(({ written = 0 }) => written >= step)
    await pause(Math.random() * 100)
    await load()
    before = [...before, ...lines]
  }
  await expectGoesOn('reloaded', 'worker', before)
}, 120_000)

// They write files in different ways.
test.each(['worker', 'page'] as const)(
  'a run in a %s goes on after the storage was used up, when there is room',
  async where => {
    await start(`full-${where}`, where)
    await until(({ written }) => written === 4)
    const { origin } = new URL(page.url())
    const session = await page.context().newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
    await ended()
    expect(lines.at(-1)).toMatchObject({ failed: 'RunStoreFullError' })
    expect(lines.at(-1)!.message).toMatch(
      /^checkpoint-\d+\.safetensors: its .* do not fit into the browser's storage/,
    )
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    await session.detach()
    await expectGoesOn(`full-${where}`, where, lines)
  },
  120_000,
)
