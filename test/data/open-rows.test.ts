import { describe, expect, it } from 'vitest'
import { gzip } from '../../src/data/gzip'
import { openPairs } from '../../src/data/read-pairs'
import { openRows, type RowEvent, readRows } from '../../src/data/read-rows'

const row = (i: number) => ({ instruction: `Question ${i}`, output: `Ä ${i}` })
const lines = (n: number) => Array.from({ length: n }, (_, i) => `${JSON.stringify(row(i))}\n`).join('')

async function all(stream: AsyncIterable<RowEvent>): Promise<RowEvent[]> {
  const events: RowEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

describe('openRows', () => {
  it('says what the file is, then gives rows and problems in file order, as often as asked', async () => {
    const text = `${lines(3)}oops\n${lines(1)}`
    const stream = await openRows(text)
    expect(stream).toMatchObject({
      container: 'jsonl',
      gzip: false,
      format: 'alpaca',
      totalBytes: new TextEncoder().encode(text).length,
    })
    const events = await all(stream)
    expect(events.map(({ kind }) => kind)).toEqual(['row', 'row', 'row', 'problem', 'row'])
    const ids = events.flatMap(event => (event.kind === 'row' ? [event.row.id] : []))
    expect(new Set(ids).size).toBe(4)
    expect(ids[3]).toBe(`${ids[0]}-4`)
    expect(events.at(-1)?.end).toBe(stream.totalBytes)
    expect(await all(stream)).toEqual(events)
  })

  it.each(['', ' ', '\uFEFF', '\r\n'])('gives each row’s place in the text, behind %j', async before => {
    for (const text of [
      `${before}${lines(3).replaceAll('\n', '\r\n')}`,
      `${before}[${[0, 1, 2].map(i => JSON.stringify(row(i))).join(' ,\n ')}]`,
    ]) {
      const bytes = new TextEncoder().encode(text)
      const { rows } = await readRows(text)
      expect(rows).toHaveLength(3)
      for (const { range, raw } of rows)
        expect(JSON.parse(new TextDecoder().decode(bytes.subarray(...range!)))).toEqual(raw)
    }
  })

  it('reads gzip, with the places in the unpacked text', async () => {
    const text = lines(20_000)
    const packed = await gzip(new Blob([text]))
    const plain = await readRows(text)
    const stream = await openRows(packed)
    expect(stream).toMatchObject({ gzip: true, container: 'jsonl', totalBytes: packed.size })
    const events = await all(stream)
    expect(events.map(event => event.kind === 'row' && event.row)).toEqual(plain.rows)
    const ends = events.map(({ end }) => end)
    expect(ends).toEqual([...ends].sort((a, b) => a - b))
    expect(ends.at(-1)).toBe(packed.size)
  })

  it('ends with an error where a gzip archive breaks off', async () => {
    const packed = await gzip(new Blob([lines(50_000)]))
    const stream = await openRows(packed.slice(0, packed.size - 1000), { name: 'rows.jsonl.gz' })
    await expect(all(stream)).rejects.toThrow(
      'rows.jsonl.gz is a gzip archive that is damaged or breaks off. Copy or download it again',
    )
  })

  it('takes the word of whoever knows the container or the format', async () => {
    const text = '[{"instruction":"a","output":"b"},\n{"instruction":"c","output":"d"}]'
    const forced = await openRows(`${text}\n${lines(1)}`, { container: 'jsonl' })
    expect((await all(forced)).map(({ kind }) => kind)).toEqual(['problem', 'problem', 'row'])
    await expect(openRows(lines(2), { container: 'json' })).rejects.toThrow('wanted the end of the file')
    const both =
      '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"instruction":"c","output":"d"}'
    expect((await openRows(both)).format).toBe('messages')
    const stream = await openRows(both, { format: 'alpaca' })
    expect(stream.format).toBe('alpaca')
    expect(await all(stream)).toMatchObject([{ row: { turns: [{ content: 'c' }, { content: 'd' }] } }])
    await expect(openRows(text, { container: 'xml' as 'json' })).rejects.toThrow(
      'the file cannot be read as "xml"; the containers are json',
    )
  })

  it('says at once when no row is of a known shape, and stops when asked', async () => {
    await expect(openRows('{"text":"a"}\n'.repeat(3))).rejects.toThrow('none of its 3 entries is a row')
    const controller = new AbortController()
    const stream = await openRows(lines(100_000), { signal: controller.signal })
    let met = 0
    const reading = (async () => {
      for await (const _ of stream) if (++met === 10) controller.abort()
    })()
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
    expect(met).toBeLessThan(100_000)
  })
})

it('openPairs gives pairs and problems in file order', async () => {
  const stream = await openPairs(
    '{"prompt":"a","chosen":"b","rejected":"c"}\n{"prompt":"a","chosen":"b","rejected":"b"}\n',
  )
  expect(stream.format).toBe('standard')
  const events = []
  for await (const event of stream) events.push(event)
  expect(events).toMatchObject([
    { kind: 'pair', pair: { chosen: 'b', rejected: 'c' } },
    { kind: 'problem', problem: { index: 1 } },
  ])
})
