import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../../src/data/data-error'
import { readLabelled } from '../../../src/data/labelled'
import { openParquet } from '../../../src/data/parquet-file'
import { readPairs } from '../../../src/data/read-pairs'
import { readRows } from '../../../src/data/read-rows'
import type { RecordFile } from '../../../src/data/records'
import { writePairs } from '../../../src/data/write-pairs'
import { writeRows } from '../../../src/data/write-rows'
import fixture from '../../fixtures/parquet.json'

/** Mulberry32: the same files on every run. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

function mutated(bytes: Uint8Array, other: Uint8Array, below: (n: number) => number): Uint8Array {
  const cut = (from: number, to: number, between: Uint8Array): Uint8Array =>
    Uint8Array.from([...bytes.subarray(0, from), ...between, ...bytes.subarray(to)])
  const from = below(bytes.length)
  const to = Math.min(bytes.length, from + 1 + below(below(4) === 0 ? bytes.length : 16))
  switch (below(6)) {
    case 0:
      return bytes.slice(0, from)
    case 1: {
      const copy = bytes.slice()
      for (let n = 1 + below(4); n > 0; n--) copy[below(copy.length)]! ^= 1 << below(8)
      return copy
    }
    case 2:
      return cut(from, to, new Uint8Array())
    case 3:
      return cut(from, from, bytes.subarray(from, to))
    case 4: {
      const at = below(other.length)
      return cut(from, to, other.subarray(at, at + to - from))
    }
    default: {
      // Bytes at which lengths and structures turn.
      const odd = [0x00, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x0a, 0x5b, 0x7d]
      return cut(
        from,
        from + 1 + below(4),
        Uint8Array.from({ length: below(6) }, () => odd[below(odd.length)]!),
      )
    }
  }
}

/** Bits and bytes of the pages changed where they are, so that the footer still fits. */
function mutatedPages(bytes: Uint8Array, _: Uint8Array, below: (n: number) => number): Uint8Array {
  const copy = bytes.slice()
  const pages = bytes.length - 12 - new DataView(bytes.buffer).getUint32(bytes.length - 8, true)
  const at = 4 + below(pages)
  if (below(2) === 0) copy[at]! ^= 1 << below(8)
  else copy.fill([0x00, 0x7f, 0x80, 0xff][below(4)]!, at, Math.min(4 + pages, at + 1 + below(4)))
  return copy
}

const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer())
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const containers = ['json', 'jsonl', 'csv', 'tsv', 'parquet'] as const

async function rowSeeds(): Promise<Uint8Array[]> {
  const rows = [
    { instruction: 'Größe, "a"\nb', input: '', output: '😀', score: 1.5, tags: ['x', null] },
    { instruction: 'c', input: 'd', output: 'e', score: -2, tags: [] },
    { instruction: 'f', input: null, output: 'g', score: 3, tags: ['y'] },
  ]
  const file = await readRows(JSON.stringify(rows))
  const seeds: Uint8Array[] = [text(JSON.stringify({ version: 1, data: rows }))]
  for (const container of containers) {
    for (const format of ['alpaca', 'sharegpt', 'messages'] as const)
      seeds.push(await bytesOf(await writeRows(file, [0, 1, 2], { container, format })))
  }
  seeds.push(text(`\uFEFF${rows.map(row => JSON.stringify(row)).join('\r\n')}\r\n`))
  return seeds
}

async function pairSeeds(): Promise<Uint8Array[]> {
  const scores = (...numbers: number[]) =>
    numbers.map(overall_score => ({ response: `r${overall_score}`, overall_score }))
  const pairs = [
    { prompt: 'a', chosen: 'b, "c"\n', rejected: 'd', score_chosen: 2, score_rejected: 1 },
    { prompt: 'é', chosen: 'f', rejected: 'g', score_chosen: 0.5, score_rejected: -1 },
  ]
  const file = await readPairs(JSON.stringify(pairs))
  const seeds: Uint8Array[] = [
    text(
      JSON.stringify([
        { instruction: 'q', completions: scores(1, 3, 2) },
        { instruction: 'q', completions: scores(1) },
      ]),
    ),
    text('prompt,completion,label\nq,"a, b",True\nq,c,False\n'),
  ]
  for (const container of containers) {
    for (const format of ['standard', 'conversational', 'alpaca', 'sharegpt'] as const)
      seeds.push(await bytesOf(await writePairs(file, [0, 1], { container, format })))
  }
  return seeds
}

type Read = (source: Uint8Array) => Promise<RecordFile<string>>

/** How many records a file holds, counted otherwise than it is read; undefined where that is not to be told. */
async function countOf(file: RecordFile<string>, bytes: Uint8Array): Promise<number | undefined> {
  if (file.container === 'parquet') return Number((await openParquet(file.content)).metadata.num_rows)
  if (file.gzip) return undefined
  const content = new TextDecoder().decode(bytes)
  if (file.container === 'jsonl') return content.split('\n').filter(line => line.trim() !== '').length
  if (file.container !== 'json') return undefined
  const value = JSON.parse(content) as object
  const list = Array.isArray(value) ? value : Object.values(value).find(Array.isArray)
  return list === undefined || 'instruction' in value || 'chosen' in value ? 1 : (list as unknown[]).length
}

const recordsIn = (file: object): readonly { index: number; id: string }[] =>
  Object.entries(file).find(([name]) => ['rows', 'pairs', 'answers'].includes(name))![1] as []

/** Reads a file: the counts add up and every position is told of once, or there is a DataError. */
async function survives(read: Read, bytes: Uint8Array): Promise<'read' | 'refused'> {
  let file: RecordFile<string>
  try {
    file = await read(bytes)
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    return 'refused'
  }
  const records = recordsIn(file)
  expect(records.length + file.problems.length).toBe(file.total)
  const told = [...records, ...file.problems].map(({ index }) => index).sort((a, b) => a - b)
  expect(told).toEqual(told.map((_, i) => i))
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
  expect(file.total).toBe((await countOf(file, bytes)) ?? file.total)
  return 'read'
}

async function feed(
  read: Read,
  seeds: readonly Uint8Array[],
  files: number,
  seed: number,
  { mutate = mutated, atLeast = 0.1 } = {},
): Promise<void> {
  const below = randomNumbers(seed)
  const counts = { read: 0, refused: 0 }
  for (let i = 0; i < files; i++) {
    const original = seeds[i % seeds.length]!
    let bytes = original
    for (let n = 1 + below(3); n > 0; n--) bytes = mutate(bytes, seeds[below(seeds.length)]!, below)
    try {
      counts[await survives(read, bytes)]++
    } catch (cause) {
      throw new Error(`file ${i} of seed ${seed}: ${Buffer.from(bytes).toString('base64')}`, { cause })
    }
  }
  // Files are damaged lightly enough to be read in part, and heavily enough to be refused.
  expect(counts.read).toBeGreaterThan(files * atLeast)
  expect(counts.refused).toBeGreaterThan(files / 10)
}

const packed = (seeds: readonly Uint8Array[]): Uint8Array[] =>
  seeds.filter((_, i) => i % 5 === 0).map(bytes => new Uint8Array(gzipSync(bytes)))
const arrow = Object.values(fixture.files).map(({ file }) => new Uint8Array(Buffer.from(file, 'base64')))

describe('a damaged file is read in part or refused, and nothing is lost in silence', () => {
  it('10 000 files of rows', async () => {
    await feed(readRows, await rowSeeds(), 10_000, 1)
  })

  it('10 000 files of pairs', async () => {
    await feed(readPairs, await pairSeeds(), 10_000, 2)
  })

  it('2 000 files of labelled answers', async () => {
    const answer = { prompt: 'q', completion: 'a, b', label: true }
    const chat = {
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'c' },
      ],
      label: false,
    }
    const seeds = [
      'prompt,completion,label\nq,"a, b",True\nq,c,False\n',
      JSON.stringify([answer, chat, answer], null, 1),
      `${JSON.stringify(answer)}\n${JSON.stringify(chat)}\n`,
    ]
    await feed(readLabelled, seeds.map(text), 2_000, 3)
  })

  it('1 000 gzip archives, which their checksums tell from whole ones', async () => {
    await feed(readRows, packed(await rowSeeds()), 1_000, 4, { atLeast: 0 })
  })

  it('1 000 Parquet files by Apache Arrow, in every codec and encoding', async () => {
    await feed(readRows, arrow, 1_000, 5, { atLeast: 0.02 })
  })

  it('1 500 Parquet files by Apache Arrow with damaged pages', async () => {
    await feed(readRows, arrow, 1_500, 6, { mutate: mutatedPages, atLeast: 0.05 })
  })
})
