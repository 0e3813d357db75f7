import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Options, Report } from './subject'
import { type Site, serve } from './web-server'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** @throws {Error} if there is none */
function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const onPath = names.flatMap(name => folders.map(folder => join(folder, name)))
  const found = [process.env.CHROME_PATH, ...onPath, ...places].find(path => path && existsSync(path))
  if (!found) throw new Error('--in chromium needs a Chromium: install one, or name one in CHROME_PATH')
  return found
}

/** A browser with the bench's page. */
export interface BenchPage {
  run(name: string, options: Options): Promise<Report>
  close(): Promise<void>
}

/**
 * Builds the page of benches, serves it to this machine alone and opens it in Chromium.
 *
 * Software adapters are behind the flag `--enable-unsafe-webgpu`; on a real GPU it changes nothing.
 *
 * @throws {Error} if there is no Chromium, or this is not the repository with its packages
 */
export async function openBenchPage(progress: (text: string) => void): Promise<BenchPage> {
  const executablePath = findChromium()
  const { chromium } = await repositoryPackage(() => import('playwright-core'))
  const { build } = await repositoryPackage(() => import('vite'))
  progress('building the page')
  await build({ configFile: 'bench/vite.config.ts', mode: 'page', logLevel: 'error' })
  const site: Site = await serve('dist-bench/page', '.')
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--enable-unsafe-webgpu', '--disable-background-networking'],
  })
  const page = await browser.newPage()
  page.on('console', message => console.error(message.text()))
  const crashed = new Promise<never>((_, reject) => {
    page.on('crash', () => reject(new Error('the page crashed')))
    browser.on('disconnected', () => reject(new Error('the browser has gone')))
  })
  // Someone listens only while a subject runs.
  crashed.catch(() => {})
  return {
    async run(name, options) {
      // A page of its own each time: devices and memory of the subject before are gone.
      await page.goto(site.url)
      await page.waitForFunction(() => 'runSubject' in globalThis)
      const report = page.evaluate(([name, options]) => globalThis.runSubject(name, options), [
        name,
        options,
      ] as const)
      return Promise.race([report, crashed])
    },
    async close() {
      await browser.close()
      await site.close()
    },
  }
}

async function repositoryPackage<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new Error('--in chromium runs in the repository, after npm ci', { cause })
  }
}
