import { describe, expect, it } from 'vitest'
import { contentOf } from '../../src/data/content'
import { contentId } from '../../src/data/content-id'
import { gzip } from '../../src/data/gzip'
import { openParquet } from '../../src/data/parquet-file'
import { readPairs } from '../../src/data/read-pairs'
import { openRows, readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'
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

  it.each(['snappy', 'zstd', 'gzip', 'brotli', 'lz4', 'plain', 'types'] as const)(
    'writes %s back: all rows as the file itself, some as they are stored',
    async name => {
      const bytes = bytesOf(name)
      const file = await readRows(bytes)
      const all = file.rows.map((_, i) => i)
      const whole = await writeRows(file, all)
      expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes)
      for (const some of [[file.total - 1, 0], [], [1]]) {
        const subset = await writeRows(file, some)
        const { metadata } = await openParquet(contentOf(subset))
        const types = ({ schema }: typeof metadata) =>
          schema.map(({ logical_type, ...element }) => [
            element,
            logical_type?.type === 'INTEGER' ? undefined : logical_type,
          ])
        expect(types(metadata)).toEqual(types((await openParquet(contentOf(bytes))).metadata))
        if (some.length === 0) continue
        const again = await readRows(subset)
        expect(again.rows.map(({ raw, source }) => [raw, source])).toEqual(
          some.map(i => [file.rows[i]!.raw, file.rows[i]!.source]),
        )
      }
    },
  )

  it('is written from JSON lines and back without a loss', async () => {
    const file = await readRows(bytesOf('snappy'))
    const all = file.rows.map((_, i) => i)
    const lines = await readRows(await writeRows(file, all, { container: 'jsonl' }))
    expect(lines.rows.map(({ raw }) => raw)).toEqual(rows)
    const again = await readRows(await writeRows(lines, all, { container: 'parquet' }))
    expect(again.rows.map(({ raw }) => raw)).toEqual(rows)
    const { metadata } = await openParquet(again.content)
    const types = metadata.schema.filter(({ type }) => type).map(({ name, type }) => `${name} ${type}`)
    expect(types).toEqual([
      'id INT64',
      'source BYTE_ARRAY',
      'role BYTE_ARRAY',
      'content BYTE_ARRAY',
      'element DOUBLE',
      'element DOUBLE',
    ])
  })

  it('says what is wrong with a damaged file', async () => {
    await expect(readRows(await gzip(new Blob([bytesOf('types')])))).rejects.toThrow(
      'is a Parquet file within a gzip archive; wanted JSON, JSON lines, CSV, TSV or Parquet.',
    )
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
