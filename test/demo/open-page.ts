import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { preview } from 'vite'

const root = new URL('../../', import.meta.url).pathname

/**
 * The page as it is shipped: built, and served by nothing but a server of files.
 *
 * @param hub hosts that it gets models from, in place of the Hub's
 */
export async function servePage(hub?: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'tabtune-page-'))
  const build = [
    'node_modules/vite/bin/vite.js',
    'build',
    '--mode',
    'demo',
    '--emptyOutDir',
    '--outDir',
    folder,
  ]
  // Vitest's own NODE_ENV would give a build for tests.
  const env = { ...process.env, NODE_ENV: 'production', ...(hub && { TABTUNE_HUB: hub.join(' ') }) }
  await promisify(execFile)(process.execPath, build, { cwd: root, env })
  const server = await preview({
    root,
    configFile: false,
    appType: 'mpa',
    build: { outDir: folder },
    preview: { port: 0, host: '127.0.0.1' },
  })
  const address = server.resolvedUrls?.local[0]
  if (!address) throw new Error('the preview server gave no address')
  return {
    address,
    async [Symbol.asyncDispose]() {
      await server.close()
      await rm(folder, { recursive: true })
    },
  }
}

export function launch(flags: readonly string[] = ['--enable-unsafe-webgpu']): Promise<Browser> {
  return chromium.launch({
    ...(process.env.CHROME_PATH ? { executablePath: process.env.CHROME_PATH } : {}),
    args: ['--no-sandbox', '--disable-background-networking', ...flags],
  })
}

/** Opens the page with the bundled model loaded, and notes what it asks for. */
export async function openPage(browser: Browser, address: string) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const requests: string[] = []
  const errors: string[] = []
  page.context().on('request', request => requests.push(request.url()))
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => {
    // A file that a model need not have is asked for, and logged when it is not there.
    if (message.type() === 'error' && !message.text().includes('404')) errors.push(message.text())
  })
  await page.goto(address)
  await page.getByText('tokens of context').waitFor()
  return { page, requests, errors }
}

/** Notes every task of the page's main thread from now on. One page of a browser can be watched at a time. */
export const watchTasks = (page: Page): Promise<void> =>
  page
    .context()
    .browser()!
    .startTracing(page, { categories: ['toplevel'] })

/**
 * The longest task since `watchTasks`, in ms of the processor's time: on the clock a task also takes as long as other
 * programs hold the processor.
 */
export async function longestTask(page: Page): Promise<number> {
  const trace = await page.context().browser()!.stopTracing()
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] }
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const mains = new Set(traceEvents.filter(({ args }) => args.name === 'CrRendererMain').map(thread))
  const times = traceEvents.filter(event => mains.has(thread(event))).map(({ tdur = 0 }) => tdur / 1000)
  if (times.length === 0) throw new Error('the trace has no task of a page')
  return times.reduce((a, b) => Math.max(a, b))
}

interface TraceEvent {
  readonly pid: number
  readonly tid: number
  /** The thread's own time, in µs. */
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/** Gives the page a file, as if it had been chosen. */
export async function choose(page: Page, label: string, name: string, content: unknown): Promise<void> {
  const bytes =
    content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content, null, 2))
  await page
    .getByLabel(label)
    .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(bytes) })
}

export async function fill(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    await page.getByLabel(label, { exact: true }).fill(value)
    await page.getByLabel(label, { exact: true }).blur()
  }
}

/** Chromium drops what goes beyond ten downloads of a page in a second. In ms. */
const DOWNLOADS_APART = 120

/** Clicks a link of the downloads and reads what it saves. */
export async function download(page: Page, name: string): Promise<Buffer> {
  const link = page.getByText(name, { exact: true })
  await link.waitFor()
  const waiting = page.waitForEvent('download')
  await link.click()
  const bytes = await readFile(await (await waiting).path())
  await page.waitForTimeout(DOWNLOADS_APART)
  return bytes
}

/** Drops a file or a folder of this machine on a place of the page. */
export async function drop(page: Page, place: Locator, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await place.scrollIntoViewIfNeeded()
  const { x, y } = (await place.boundingBox())!
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: x + 4, y: y + 4, data })
  await session.detach()
}
