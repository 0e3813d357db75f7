import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/cli/options'
import { ResumableFile } from '../../src/cli/resumable-file'
import { temporaryFolder } from './command'

const identity = { tabtune: '1', options: { scorer: 'length', shard: '0/1' } }
const chunks = ['one\n', 'two\ntwo\n', '', 'vier ü\n', 'five\n'.repeat(50)]
const whole = chunks.join('')
const notes = (chunk: number) => (chunk === 2 ? [{ reason: 'it is cut' }] : [])

const path = () => join(temporaryFolder(), 'out.jsonl')
const text = (file: string) => readFileSync(file, 'utf8')

/** Appends what is missing, up to the chunk `until`. @returns the chunks that were appended */
async function write(file: ResumableFile, until = chunks.length): Promise<number[]> {
  const fresh: number[] = []
  for (let chunk = file.last + 1; chunk < until; chunk++) {
    await file.append(chunk, chunks[chunk]!, notes(chunk))
    fresh.push(chunk)
  }
  return fresh
}

/** Opens a file, writes its chunks up to `until`, and lets go of it, as the end of a process does. */
async function begin(out: string, until = chunks.length): Promise<void> {
  using file = (await ResumableFile.open(out, identity))!
  await write(file, until)
}

/** The chunk that is whole last. */
async function lastOf(out: string): Promise<number> {
  using file = (await ResumableFile.open(out, identity))!
  return file.last
}

describe('a resumable file', () => {
  it('has its name, its manifest and what belongs to it when it is finished, and nothing else', async () => {
    const out = path()
    using file = (await ResumableFile.open(out, identity))!
    await write(file)
    expect(file.notes).toEqual(notes(2))
    await file.finish(new Map([['.problems.jsonl', 'it is cut\n']]))
    expect(text(out)).toBe(whole)
    expect(readdirSync(join(out, '..')).sort()).toEqual(
      ['', '.manifest.json', '.problems.jsonl'].map(suffix => `out.jsonl${suffix}`),
    )
    const manifest = JSON.parse(text(`${out}.manifest.json`))
    expect(manifest).toMatchObject(identity)
    expect(manifest.outputs.map(({ name }: { name: string }) => name)).toEqual([
      'out.jsonl',
      'out.jsonl.problems.jsonl',
    ])
    expect(await ResumableFile.open(out, identity)).toBe(null)
  })

  it('makes the folder that it is to be in', async () => {
    const out = join(path(), '..', 'not', 'there', 'out.jsonl')
    await begin(out, 1)
    expect(await lastOf(out)).toBe(0)
  })

  it('has nothing beside it that an earlier file left', async () => {
    const out = path()
    writeFileSync(`${out}.problems.jsonl`, 'of another')
    using file = (await ResumableFile.open(out, identity))!
    await write(file)
    await file.finish(new Map([['.problems.jsonl', null]]))
    expect(readdirSync(join(out, '..')).sort()).toEqual(['out.jsonl', 'out.jsonl.manifest.json'])
  })

  it('continues wherever its two files break off, with nothing written twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: chunks.length }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.string(),
        async (until, lineShare, logShare, garbage) => {
          const out = path()
          await begin(out, until)
          const [partial, log] = [`${out}.partial`, `${out}.partial.log`]
          const bytes = readFileSync(partial).length
          // The process may have been in the middle of a chunk, and the disk may have lost ends of both.
          if (lineShare < 0.9) truncateSync(partial, Math.floor((lineShare / 0.9) * bytes))
          else appendFileSync(partial, garbage)
          const length = readFileSync(log).length
          const head = text(log).indexOf('\n') + 1
          truncateSync(log, head + Math.floor(logShare * (length - head)))
          if (logShare > 0.9) appendFileSync(log, '{"chunk":')
          using file = (await ResumableFile.open(out, identity))!
          const known = file.last + 1
          expect(await write(file)).toEqual([...chunks.keys()].slice(known))
          await file.finish(new Map())
          expect(text(out)).toBe(whole)
          expect(existsSync(log)).toBe(false)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('loses no finished chunk', async () => {
    const out = path()
    await begin(out, 4)
    appendFileSync(`${out}.partial`, 'torn')
    expect(await lastOf(out)).toBe(3)
  })

  it('trusts no lines but those that it wrote', async () => {
    const out = path()
    await begin(out, 4)
    writeFileSync(`${out}.partial`, text(`${out}.partial`).replace('vier', 'fünf'))
    using file = (await ResumableFile.open(out, identity))!
    expect(file.last).toBe(2)
    await write(file)
    await file.finish(new Map())
    expect(text(out)).toBe(whole)
  })

  it('begins anew where not even its identity was written', async () => {
    const out = path()
    await begin(out, 0)
    truncateSync(`${out}.partial.log`, 5)
    using file = (await ResumableFile.open(out, { other: 1 }))!
    expect(file.last).toBe(-1)
    expect(JSON.parse(text(`${out}.partial.log`))).toEqual({ other: 1 })
  })

  it('can be finished again where that was interrupted', async () => {
    const out = path()
    using first = (await ResumableFile.open(out, identity))!
    await write(first)
    const log = text(`${out}.partial.log`)
    await first.finish(new Map())
    // Killed before the log was removed.
    writeFileSync(`${out}.partial.log`, log)
    expect(await ResumableFile.open(out, identity)).toBe(null)
    expect(existsSync(`${out}.partial.log`)).toBe(false)
  })

  it('is not continued by another job', async () => {
    const out = path()
    await begin(out, 2)
    const other = { ...identity, options: { ...identity.options, scorer: 'ifd' } }
    const again = ResumableFile.open(out, other)
    await expect(again).rejects.toThrow(UsageError)
    await expect(again).rejects.toThrow(`${out}.partial was begun by another job (options: "scorer" differs)`)
    expect(await lastOf(out)).toBe(1)
  })

  it('is not replaced when another job, or nobody, made it, or when it was changed', async () => {
    const out = path()
    writeFileSync(out, 'mine')
    await expect(ResumableFile.open(out, identity)).rejects.toThrow(
      `${out} is there, and another job made it`,
    )
    const made = path()
    using file = (await ResumableFile.open(made, identity))!
    await write(file)
    await file.finish(new Map())
    await expect(ResumableFile.open(made, { ...identity, tabtune: '2' })).rejects.toThrow(
      '("tabtune" differs)',
    )
    appendFileSync(made, 'more')
    await expect(ResumableFile.open(made, identity)).rejects.toThrow(`${made} was changed after it was made`)
    expect(text(out)).toBe('mine')
  })

  it('is not written by two at once', async () => {
    const out = path()
    using one = (await ResumableFile.open(out, identity))!
    const other = ResumableFile.open(out, identity)
    await expect(other).rejects.toThrow(UsageError)
    await expect(other).rejects.toThrow('out.jsonl.partial.lock is held by another process')
    await write(one)
    await one.finish(new Map())
    expect(text(out)).toBe(whole)
  })

  it('continues where a process has ended without letting go of it', async () => {
    const out = path()
    await begin(out, 2)
    const { pid } = spawnSync(process.execPath, ['--version'])
    for (const ended of [pid, process.pid]) {
      writeFileSync(`${out}.partial.lock`, String(ended))
      expect(await lastOf(out)).toBe(1)
    }
    expect(readdirSync(join(out, '..')).sort()).toEqual(['out.jsonl.partial', 'out.jsonl.partial.log'])
  })

  it('is not finished when somebody else has written to it, or has removed the lock', async () => {
    for (const meddle of [
      (partial: string) => appendFileSync(partial, 'one\n'),
      (partial: string) => rmSync(`${partial}.lock`),
    ]) {
      const out = path()
      using file = (await ResumableFile.open(out, identity))!
      await write(file)
      meddle(`${out}.partial`)
      await expect(file.finish(new Map())).rejects.toThrow('is another process writing it?')
      expect(existsSync(out)).toBe(false)
    }
  })
})
