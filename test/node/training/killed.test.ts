import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TrainStep } from '../../../src/training/train'
import { root, temporaryFolder } from '../../cli/command'

/** A line that the process says; see kept-training.ts. */
interface Line {
  readonly ready?: true
  readonly resumed?: number
  readonly written?: number
  readonly trained?: TrainStep
  readonly bits?: readonly string[]
  readonly failed?: string
  readonly message?: string
  readonly damaged?: string
}

/** Where packages are found from. */
const built = join(root, `node_modules/.kept-training-${process.pid}`)

beforeAll(() =>
  build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { ssr: 'test/node/training/kept-training.ts', outDir: built, target: 'node20', minify: false },
  }),
)
afterAll(() => rmSync(built, { recursive: true, force: true }))

/** Trains in a process of its own, and gives what it said. */
async function trainIn(
  folder: string,
  whileRunning?: (child: ChildProcess, lines: readonly Line[]) => unknown,
): Promise<Line[]> {
  const child = spawn(process.execPath, [join(built, 'kept-training.js'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Line[] = []
  createInterface(child.stdout).on('line', line => lines.push(JSON.parse(line)))
  const closed = new Promise(resolve => child.on('close', resolve))
  await whileRunning?.(child, lines)
  await closed
  return lines
}

const checkpoints = (folder: string) => readdirSync(folder).filter(name => name.startsWith('checkpoint-'))
const stepOf = (name: string) => Number(/\d+/.exec(name))

let whole: { readonly folder: string; readonly steps: readonly TrainStep[]; readonly bits: Line['bits'] }

beforeAll(async () => {
  const folder = temporaryFolder({ keep: true })
  const lines = await trainIn(folder)
  const steps = lines.flatMap(({ trained }) => trained ?? [])
  whole = { folder, steps, bits: lines.at(-1)!.bits }
  expect(steps).toHaveLength(80)
})

/** The last line of a run that has come to its end: all as if it had never been ended. */
function expectWhole(folder: string, lines: readonly Line[]): void {
  expect(lines.at(-1)!.bits).toEqual(whole.bits)
  expect(checkpoints(folder)).toEqual(checkpoints(whole.folder))
  for (const name of checkpoints(folder))
    expect(readFileSync(join(folder, name)).equals(readFileSync(join(whole.folder, name)))).toBe(true)
  expect(readdirSync(folder).filter(name => name.endsWith('.unfinished'))).toEqual([])
}

test('killed at twenty random moments, a run ends with the bits of one that was left alone', async () => {
  const folder = temporaryFolder()
  let last = 0
  let kills = 0
  for (;;) {
    const lines = await trainIn(folder, async (child, lines) => {
      const isRunning = () => child.exitCode === null && child.signalCode === null
      if (kills === 20) return
      // Every fifth one is killed while it starts; the others get a little further first.
      const begun = () => lines.some(kills % 5 === 4 ? ({ ready }) => ready : ({ written }) => written)
      while (isRunning() && !begun()) await pause(1)
      await pause(Math.random() * 40)
      if (isRunning() && child.kill('SIGKILL')) kills++
    })
    expect(lines.filter(({ failed, damaged }) => failed ?? damaged)).toEqual([])
    const resumed = lines.find(line => 'resumed' in line)?.resumed ?? 0
    // Nothing that was said to be written is lost, and what was done since is done again with the same numbers.
    if (lines.length > 1) expect(resumed).toBeGreaterThanOrEqual(last)
    for (const { trained } of lines) if (trained) expect(trained).toEqual(whole.steps[trained.step - 1])
    last = Math.max(last, ...lines.map(({ written = 0 }) => written))
    if (lines.at(-1)?.bits) {
      expectWhole(folder, lines)
      break
    }
  }
  expect(kills).toBe(20)
}, 120_000)

test('where space runs out a run stops with what it has, and goes on when there is room', async () => {
  const folder = temporaryFolder()
  const full = await trainIn(folder, async (child, lines) => {
    while (!lines.some(({ written }) => written === 4)) await pause(1)
    // The system gives it no larger files any more, as if its disk were full.
    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=4096'])
  })
  expect(full.at(-1)).toMatchObject({ failed: 'RunStoreFullError' })
  expect(full.at(-1)!.message).toMatch(/^checkpoint-\d+\.safetensors: its [\d.]+ kB do not fit into/)
  const written = full.flatMap(({ written }) => written ?? [])
  expect(checkpoints(folder).map(stepOf)).toEqual(written.slice(-2))
  const lines = await trainIn(folder)
  expect(lines.find(line => 'resumed' in line)?.resumed).toBe(written.at(-1))
  expectWhole(folder, lines)
}, 120_000)

test('a run whose last checkpoint was torn goes on from the one before, and says so', async () => {
  const folder = temporaryFolder()
  cpSync(whole.folder, folder, { recursive: true })
  const [before, last] = checkpoints(folder)
  writeFileSync(join(folder, last!), readFileSync(join(folder, last!)).subarray(0, 1000))
  const lines = await trainIn(folder)
  expect(lines[1]).toEqual({ damaged: expect.stringContaining(`${last}: it is cut short or was changed`) })
  expect(lines[2]).toEqual({ resumed: stepOf(before!) })
  expectWhole(folder, lines)
})
