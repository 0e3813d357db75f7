import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { run, temporaryFolder } from './command'
import { manyRows } from './many-rows'

const text = (path: string) => readFileSync(path, 'utf8')
const linesOf = (path: string) => (existsSync(path) ? text(path).split('\n').slice(0, -1) : [])

/** Runs a command, killed at a random moment each time, `kills` times at most, until it ends by itself. */
async function killedUntilDone(args: readonly string[], out: string, kills: number): Promise<number> {
  const log = `${out}.partial.log`
  let done: string[] = []
  for (let killed = 0; ; killed++) {
    const before = done.length
    const { code } = await run(args, {
      whileRunning: async child => {
        const isRunning = () => child.exitCode === null && child.signalCode === null
        // Each run gets somewhere before it is killed, so that this is of the middle, not of the start.
        while (isRunning() && linesOf(log).length <= Math.max(1, before)) await pause(1)
        await pause(Math.random() * 60)
        if (isRunning() && killed < kills) child.kill('SIGKILL')
      },
    })
    if (code === 0) return killed
    expect(code).toBe(null)
    // It may have been killed when it had finished.
    if (existsSync(out)) continue
    const now = linesOf(log)
    // What was finished stays: no chunk is computed twice.
    expect(now.slice(0, before).join('\n') === done.join('\n')).toBe(true)
    const chunks = now.slice(1).map(line => JSON.parse(line).chunk)
    expect(new Set(chunks).size).toBe(chunks.length)
    done = now
  }
}

/** The same bytes in everything that a run leaves behind. */
function expectSame(out: string, wanted: string, suffixes: readonly string[]) {
  for (const suffix of ['', ...suffixes]) {
    const names = [out, wanted].map(path => path.split('/').at(-1)!) as [string, string]
    expect(text(out + suffix).replaceAll(names[0], names[1]) === text(wanted + suffix), suffix).toBe(true)
  }
  for (const suffix of ['.partial', '.partial.log']) expect(existsSync(out + suffix)).toBe(false)
}

it('embed, killed again and again, gives the bytes of a run that was left alone', async () => {
  const folder = temporaryFolder()
  const [rows, whole, killed] = ['rows.jsonl', 'whole.jsonl', 'killed.jsonl'].map(name => join(folder, name))
  writeFileSync(
    rows!,
    manyRows(4000, i => i % 50 !== 7),
  )
  expect(await run(['embed', rows!, '--out', whole!])).toEqual({ code: 0, stdout: '', stderr: [] })
  expect(linesOf(whole!)).toHaveLength(3920)
  const kills = await killedUntilDone(['embed', rows!, '--out', killed!], killed!, 4)
  expect(kills).toBeGreaterThanOrEqual(3)
  expectSame(killed!, whole!, ['.manifest.json', '.problems.jsonl'])
}, 120_000)

it('score, killed again and again, gives the bytes of a run that was left alone', async () => {
  const folder = temporaryFolder()
  const [rows, whole, killed] = ['rows.jsonl', 'whole.jsonl', 'killed.jsonl'].map(name => join(folder, name))
  // Few rows of a chunk can be read: a model takes its time for each.
  writeFileSync(
    rows!,
    manyRows(320, i => i % 64 < 2),
  )
  expect(await run(['score', rows!, '--out', whole!])).toEqual({ code: 0, stdout: '', stderr: [] })
  const kills = await killedUntilDone(['score', rows!, '--out', killed!], killed!, 3)
  expect(kills).toBeGreaterThanOrEqual(2)
  expectSame(killed!, whole!, ['.manifest.json', '.problems.jsonl'])
}, 120_000)

it('stops on an interrupt with code 130, and continues', async () => {
  const folder = temporaryFolder()
  const [rows, out, whole] = ['rows.jsonl', 'out.jsonl', 'whole.jsonl'].map(name => join(folder, name))
  writeFileSync(rows!, manyRows(3000))
  const stopped = await run(['embed', rows!, '--out', out!], {
    whileRunning: async child => {
      while (linesOf(`${out}.partial.log`).length < 3 && child.exitCode === null) await pause(1)
      child.kill('SIGINT')
    },
  })
  expect(stopped).toEqual({ code: 130, stdout: '', stderr: [] })
  expect(existsSync(out!)).toBe(false)
  for (const path of [out!, whole!])
    expect(await run(['embed', rows!, '--out', path])).toEqual({ code: 0, stdout: '', stderr: [] })
  expectSame(out!, whole!, ['.manifest.json'])
}, 120_000)

it('says that a finished run is complete, and leaves it', async () => {
  const folder = temporaryFolder()
  const [rows, out] = ['rows.jsonl', 'out.jsonl'].map(name => join(folder, name))
  writeFileSync(rows!, manyRows(70))
  const args = ['score', rows!, '--scorer', 'length', '--out', out!]
  for (const _ of [1, 2]) expect(await run(args)).toEqual({ code: 0, stdout: '', stderr: [] })
  writeFileSync(rows!, manyRows(71))
  const { code, stderr } = await run(args)
  expect(code).toBe(2)
  expect(stderr).toEqual([expect.stringContaining('another job made it ("inputs" differs)')])
})
