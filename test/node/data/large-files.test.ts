import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGzip } from 'node:zlib'
import { expect, it } from 'vitest'
import { openPairs } from '../../../src/data/read-pairs'
import { openRows } from '../../../src/data/read-rows'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const MB = 2 ** 20

/** A file of `bytes` bytes that is made while it is read: `record(i)` until they are full. */
function madeOnTheFly(
  bytes: number,
  head: string,
  record: (i: number) => string,
): { blob: Blob; count: () => number } {
  const encoder = new TextEncoder()
  let made = 0
  function* chunks(): Generator<Uint8Array> {
    made = 0
    let chunk = head
    for (let length = 0; length < bytes; length += chunk.length, chunk = '') {
      while (chunk.length < 2 ** 16) chunk += record(made++)
      yield encoder.encode(chunk)
    }
  }
  const blob = new Blob(['{'])
  Object.defineProperty(blob, 'size', { value: bytes })
  blob.slice = () => new Blob([head || record(0)])
  blob.stream = () => Readable.toWeb(Readable.from(chunks())) as ReadableStream<Uint8Array<ArrayBuffer>>
  return { blob, count: () => made }
}

const held = (): number => {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Reads to the end. @returns how many records came, and by how many bytes memory ever grew */
async function pass(
  stream: AsyncIterable<{ readonly kind: string }>,
): Promise<{ records: number; grown: number }> {
  const before = held()
  let records = 0
  let most = before
  for await (const { kind } of stream) {
    if (kind === 'problem') throw new Error(`record ${records} is a problem`)
    if (++records % 8_000 === 0) most = Math.max(most, held())
  }
  return { records, grown: Math.max(most, held()) - before }
}

const filler = 'Lorem ipsum dolor sit amet, "consectetur" adipiscing elit. '.repeat(16)
const bound = 24 * MB

it('streams JSON lines without holding them', async () => {
  const record = (i: number): string =>
    `${JSON.stringify({ instruction: `Question ${i}`, output: filler + i })}\n`
  const { blob, count } = madeOnTheFly(64 * MB, '', record)
  const { records, grown } = await pass(await openRows(blob))
  expect(records).toBe(count())
  expect(records).toBeGreaterThan(50_000)
  expect(grown).toBeLessThan(bound)
})

it('streams CSV without holding it', async () => {
  const quoted = `"${filler.replaceAll('"', '""')}`
  const { blob, count } = madeOnTheFly(24 * MB, 'prompt,chosen,rejected\n', i => `q${i},${quoted}${i}",no\n`)
  const { records, grown } = await pass(await openPairs(blob))
  expect(records).toBe(count())
  expect(grown).toBeLessThan(bound)
})

it('unpacks gzip as it reads', async () => {
  const packer = createGzip({ level: 1 })
  const packed: Uint8Array<ArrayBuffer>[] = []
  packer.on('data', (chunk: Uint8Array<ArrayBuffer>) => packed.push(chunk))
  const count = 25_000
  for (let i = 0; i < count; i++)
    packer.write(`${JSON.stringify({ instruction: `Question ${i}`, output: filler + i })}\n`)
  await new Promise(resolve => packer.end(resolve))
  const { records, grown } = await pass(await openRows(new Blob(packed)))
  expect(records).toBe(count)
  expect(grown).toBeLessThan(bound)
})
