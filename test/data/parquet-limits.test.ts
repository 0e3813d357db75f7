import type { SchemaElement } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { contentOf } from '../../src/data/content'
import { openParquet } from '../../src/data/parquet-file'
import { checkPages } from '../../src/data/parquet-pages'
import { readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'
import { storedParquet, texts, utf8 } from './stored-parquet'

const two = [texts('instruction', ['a', 'b']), texts('output', ['c', 'd'])]

describe('Parquet files that are odd', () => {
  it('takes JSON that nests too deep as the problem of one row', async () => {
    const nest = (depth: number) => utf8('['.repeat(depth) + ']'.repeat(depth))
    const element = { name: 'x', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' } as const
    const told = [{ ...element, converted_type: 'JSON' }] as const
    const column = (...depths: number[]) => ({ name: 'x', data: depths.map(nest), stored: [element], told })
    for (const depth of [256, 50_000]) {
      const file = await readRows(storedParquet([...two, column(depth, 255)]))
      expect(file.rows.map(({ index }) => index)).toEqual([1])
      expect(file.problems).toEqual([
        { index: 0, reason: 'nests lists and objects deeper than 256', excerpt: 'a c' },
      ])
    }
  })

  it('refuses a column or a key of a map named __proto__', async () => {
    await expect(readRows(storedParquet([...two, texts('__proto__', ['x', 'y'])]))).rejects.toThrow(
      'is a Parquet file with a column named __proto__, which is not read: rename it.',
    )
    const text = { type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8' } as const
    const stored: SchemaElement[] = [
      { name: 'm', repetition_type: 'REQUIRED', converted_type: 'MAP', num_children: 1 },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      { name: 'key', ...text },
      { name: 'value', ...text },
    ]
    const map = (key: string) => ({
      name: 'm',
      data: [
        {},
        Object.fromEntries([
          ['k', 'v'],
          [key, 'w'],
        ]),
      ],
      stored,
    })
    const good = await readRows(storedParquet([...two, map('l')]))
    expect(good.rows[1]?.raw).toMatchObject({ m: { k: 'v', l: 'w' } })
    await expect(writeRows(good, [1])).resolves.toBeInstanceOf(Blob)
    const bad = storedParquet([...two, map('__proto__')])
    await expect(readRows(bad)).rejects.toThrow('is a Parquet file with a map key named __proto__')
  })

  it('refuses row groups that unpack to more than 1 GB', async () => {
    const told = storedParquet(two, writer => {
      for (const { meta_data } of writer.row_groups[0]!.columns)
        meta_data!.total_uncompressed_size = 2n ** 29n + 1n
    })
    await expect(readRows(told)).rejects.toThrow('has row groups of more than 1 GB')
    // What the footer does not say, the pages do.
    const bytes = storedParquet([texts('output', ['a', 'b'])])
    const { metadata, groups } = await openParquet(contentOf(bytes))
    const facts = metadata.row_groups[0]!.columns[0]!.meta_data!
    const check = (maxBytes: number) =>
      checkPages(bytes.subarray(groups[0]!.from, groups[0]!.to), {
        codec: facts.codec,
        isBoolean: false,
        maxRepetition: 0,
        maxDefinition: 0,
        values: 2,
        rows: 2,
        maxBytes,
      })
    expect(check(2 ** 30)).toBe(10)
    expect(check(10)).toBe(10)
    expect(() => check(9)).toThrow('unpacks to more than the 1 GB of a row group')
  })
})
