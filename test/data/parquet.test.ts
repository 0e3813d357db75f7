import { describe, expect, it } from 'vitest'
import { contentId } from '../../src/data/content-id'
import { readPairs } from '../../src/data/read-pairs'
import { openRows, readRows } from '../../src/data/read-rows'
import fixture from '../fixtures/parquet.json'

const { rows, files } = fixture
const bytesOf = (name: keyof typeof files) =>
  Uint8Array.from(atob(files[name].file), character => character.charCodeAt(0))

describe('Parquet by Apache Arrow', () => {
  it.each(['snappy', 'zstd', 'gzip', 'brotli', 'lz4', 'plain'] as const)(
    'reads conversations, %s',
    async name => {
      const file = await readRows(bytesOf(name))
      expect(file).toMatchObject({
        container: 'parquet',
        gzip: false,
        format: 'messages',
        problems: [],
        total: 7,
      })
      expect(file.rows.map(({ raw }) => raw)).toEqual(rows)
      expect(file.rows.map(({ id }) => id)).toEqual(rows.map(row => contentId(JSON.stringify(row))))
      expect(file.rows[0]?.turns.map(({ role }) => role)).toEqual(['system', 'user', 'assistant'])
    },
  )

  it('streams row group by row group', async () => {
    const stream = await openRows(bytesOf('zstd'))
    expect(stream).toMatchObject({ container: 'parquet', format: 'messages' })
    const ends: number[] = []
    for await (const { end } of stream) ends.push(end)
    expect(ends).toHaveLength(7)
    expect(ends).toEqual([...ends].sort((a, b) => a - b))
    expect(ends.at(-1)).toBeLessThan(stream.totalBytes)
  })

  it('gives every type as JSON', async () => {
    const file = await readRows(bytesOf('types'))
    const wanted = files.types.rows.map(row => ({
      ...row,
      // JSON numbers as large as these stand as text in the fixture.
      big: row.big === null ? null : Number(row.big),
      unsigned: Number(row.unsigned),
    }))
    expect(file.rows.map(({ raw }) => raw)).toEqual(wanted)
    expect(file.rows[0]?.source).toContain('"big":1152921504606846977,"unsigned":18446744073709551615')
  })

  it('reads pairs of conversations', async () => {
    const file = await readPairs(bytesOf('preferences'))
    expect(file).toMatchObject({
      format: 'conversational',
      pairs: [{ prompt: [{ content: 'Name a tree.' }], chosen: 'An oak.', rejected: 'A stone.' }],
    })
  })

  it('says what is wrong with a damaged file', async () => {
    const bytes = bytesOf('zstd')
    await expect(readRows(bytes.slice(0, -1))).rejects.toThrow('does not end as Parquet files do')
    const footer = bytes.slice()
    footer[footer.length - 6] = 0xff
    await expect(readRows(footer)).rejects.toThrow('its footer has')
    // The first page of the second row group.
    const page = bytes.slice()
    page.fill(0xff, bytes.length / 4, bytes.length / 4 + 200)
    await expect(readRows(page, { name: 'rows.parquet' })).rejects.toThrow(
      /^rows\.parquet is a Parquet file that is damaged in row group \d of 3: column .*\. Export or copy it again\.$/,
    )
  })
})
