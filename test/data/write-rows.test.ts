import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'

const lossy = '{"instruction":"a","2":1.0,"1":12345678901234567890,"x":"\\u00e9","x":"again","output":"b"}'

describe('writeRows', () => {
  it('writes the container it read, rows as they were', async () => {
    const rows = [
      { output: 'b', instruction: 'a', extra: { k: [1, 'é'] } },
      { instruction: 'c', output: 'd' },
    ]
    const list = await readRows(JSON.stringify(rows))
    expect(writeRows(list, [1, 0])).toBe(`${JSON.stringify([rows[1], rows[0]], null, 2)}\n`)
    expect(writeRows(list, [])).toBe('[]\n')
    const lines = await readRows(rows.map(row => JSON.stringify(row)).join('\n'))
    expect(writeRows(lines, [1, 0])).toBe(`${JSON.stringify(rows[1])}\n${JSON.stringify(rows[0])}\n`)
    expect(writeRows(lines, [])).toBe('')
  })

  it('counts positions among the rows that could be read', async () => {
    const file = await readRows('[1,{"instruction":"a","output":"b"}]')
    expect(JSON.parse(writeRows(file, [0]))).toEqual([{ instruction: 'a', output: 'b' }])
    for (const position of [1, -1, 0.5, Number.NaN]) {
      expect(() => writeRows(file, [position])).toThrow(
        `no row at position ${position}: the file has 1 rows that could be read`,
      )
    }
  })

  it('keeps what JSON.parse would lose', async () => {
    expect(JSON.stringify(JSON.parse(lossy))).not.toBe(lossy)
    const file = await readRows(`${lossy}\n${lossy}`)
    expect(file.rows[0]?.source).toBe(lossy)
    expect(writeRows(file, [0])).toBe(`${lossy}\n`)
    expect(writeRows(await readRows(`[${lossy}]`), [0]).replace(/\s/g, '')).toBe(`[${lossy}]`)
  })

  it('is read back as the same rows', async () => {
    const extra = fc.dictionary(fc.string(), fc.jsonValue())
    const row = fc.tuple(fc.string(), fc.string(), extra).map(([a, b, rest]) => ({
      ...rest,
      instruction: `i${a}`,
      output: `o${b}`,
      messages: null,
      conversations: null,
      chosen: undefined,
    }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0, 2),
        fc.boolean(),
        async (rows, indent, asLines) => {
          const text = asLines
            ? rows.map(row => JSON.stringify(row)).join('\n')
            : JSON.stringify(rows, null, indent)
          const file = await readRows(text)
          expect(file.rows).toHaveLength(rows.length)
          const again = await readRows(
            writeRows(
              file,
              file.rows.map((_, i) => i),
            ),
          )
          const { rows: read, ...rest } = again
          expect(rest).toMatchObject({ container: file.container, format: 'alpaca', problems: [] })
          expect(read).toEqual(file.rows.map(row => ({ ...row, range: expect.any(Array) })))
        },
      ),
      { numRuns: 200 },
    )
  })
})
