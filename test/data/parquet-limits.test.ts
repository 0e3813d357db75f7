import { describe, expect, it } from 'vitest'
import { readRows } from '../../src/data/read-rows'
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
})
