import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLock } from '../../../src/io/folder-lock'
import { StoreBusyError } from '../../../src/io/model-store'
import { nodeModules } from '../../../src/io/node-modules'

const node = nodeModules()!
let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
  file = join(folder, 'owner--tiny--download')
})
afterEach(() => rm(folder, { recursive: true }))

const take = (options = {}) => takeLock(node, file, 'owner--tiny', options)
const isFree = async () => {
  const release = await take({ wait: false }).catch(error => {
    expect(error).toBeInstanceOf(StoreBusyError)
    return null
  })
  await release?.()
  return release !== null
}

test('is held by one at a time, in the order of asking', async () => {
  const order: number[] = []
  const release = await take()
  expect(await isFree()).toBe(false)
  const waiting = [1, 2].map(async n => {
    const end = await take()
    order.push(n)
    await end()
  })
  expect(await readFile(file, 'utf8')).toBe(`${process.pid} ${hostname()}`)
  await release()
  await Promise.all(waiting)
  expect(order).toEqual([1, 2])
  expect(await isFree()).toBe(true)
})

test('a signal ends the waiting, for this process and for another', async () => {
  const reason = new Error('enough')
  const stop = new AbortController()
  const release = await take()
  const waiting = take({ signal: stop.signal })
  await writeFile(file, `${process.ppid} ${hostname()}`)
  stop.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  // Not its own any more, so it stays.
  await release()
  await expect(take({ signal: AbortSignal.timeout(150) })).rejects.toMatchObject({ name: 'TimeoutError' })
  expect(await readFile(file, 'utf8')).toBe(`${process.ppid} ${hostname()}`)
})

test('is taken from who has ended, and from nobody else', async () => {
  const { pid: ended } = spawnSync(process.execPath, ['-e', ''])
  for (const [holder, isLeft] of [
    [`${ended} ${hostname()}`, true],
    // An earlier process with the id of this one.
    [`${process.pid} ${hostname()}`, true],
    [`${process.ppid} ${hostname()}`, false],
    // Of another computer the id says nothing.
    [`${ended} elsewhere`, false],
    [`${process.pid} elsewhere`, false],
    // About to be written.
    ['', false],
  ] as const) {
    await writeFile(file, holder)
    expect([holder, await isFree()]).toEqual([holder, isLeft])
    if (isLeft) continue
    // Whoever is there says so every ten seconds.
    const silent = new Date(Date.now() - 31_000)
    await utimes(file, silent, silent)
    expect([holder, await isFree()]).toEqual([holder, true])
  }
})
