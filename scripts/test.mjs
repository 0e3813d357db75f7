// Runs the whole test suite: finds or installs what it needs besides npm packages, builds, and starts Vitest.
// Arguments go to Vitest: `npm test -- --project node test/ops`.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]
const canInstall = process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get') !== undefined

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, name))
    .find(existsSync)
}

function findChromium() {
  return [process.env.CHROME_PATH, ...names.map(onPath), ...places].find(path => path && existsSync(path))
}

/** Installs Debian packages; says what it does. Returns whether that worked. */
function install(...packages) {
  if (!canInstall) return false
  console.log(`installing ${packages.join(' ')}`)
  const apt = (...words) =>
    spawnSync('apt-get', ['-qq', '-y', ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
  apt('update')
  return apt('install', '--no-install-recommends', ...packages).status === 0
}

/** The name of the adapter that Dawn finds in Node with this environment, or '' if there is none. */
function dawnAdapter(env) {
  const script = `
    const { create } = await import('webgpu')
    const adapter = await create([]).requestAdapter()
    process.stdout.write(adapter ? adapter.info.vendor + ' ' + adapter.info.description : '')
    process.exit()`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  return stdout ?? ''
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}

let chromium = findChromium()
if (!chromium && install('chromium')) chromium = findChromium()
if (!chromium) {
  fail(
    'The tests need a Chromium: install one (Debian: apt install chromium), or name one in CHROME_PATH, and run again.',
  )
}

/** Chromium brings a Vulkan driver that runs on the CPU; Dawn in Node can use it too. */
const swiftShader = ['/usr/lib/chromium', dirname(chromium)]
  .map(folder => join(folder, 'vk_swiftshader_icd.json'))
  .find(existsSync)
const env = { CHROME_PATH: chromium }
let adapter = dawnAdapter({})
if (!adapter && install('mesa-vulkan-drivers')) adapter = dawnAdapter({})
if (!adapter && swiftShader) {
  env.VK_DRIVER_FILES = swiftShader
  adapter = dawnAdapter(env)
}
if (!adapter) {
  fail(
    'The tests need a Vulkan driver: install one for your GPU or a software one (Debian: apt install mesa-vulkan-drivers) and run again.',
  )
}
console.log(`Dawn in Node: ${adapter}\nChromium: ${chromium}`)

// npx is a script on Windows, so packages' own entry points are run with Node.
const run = (script, ...words) =>
  execFileSync(process.execPath, [script, ...words], { stdio: 'inherit', env: { ...process.env, ...env } })
try {
  run('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn')
  run('node_modules/vite/bin/vite.js', 'build', '--mode', 'cli', '--logLevel', 'warn')
  run('scripts/types.mjs')
  run('node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2))
} catch (error) {
  process.exit(error.status ?? 1)
}
