import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gzip } from '../../src/data/gzip'
import { readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'

const lossy = '{"instruction":"a","2":1.0,"1":12345678901234567890,"x":"\\u00e9","x":"again","output":"b"}'
const textOf = async (blob: Promise<Blob>): Promise<string> => (await blob).text()

describe('writeRows', () => {
  it('writes the container it read, rows as they were', async () => {
    const rows = [
      { output: 'b', instruction: 'a', extra: { k: [1, 'é'] } },
      { instruction: 'c', output: 'd' },
    ]
    const list = await readRows(JSON.stringify(rows))
    expect(await textOf(writeRows(list, [1, 0]))).toBe(`${JSON.stringify([rows[1], rows[0]], null, 2)}\n`)
    expect(await textOf(writeRows(list, []))).toBe('[]\n')
    const lines = await readRows(rows.map(row => JSON.stringify(row)).join('\n'))
    expect(await textOf(writeRows(lines, [1, 0]))).toBe(
      `${JSON.stringify(rows[1])}\n${JSON.stringify(rows[0])}\n`,
    )
    expect(await textOf(writeRows(lines, []))).toBe('')
  })

  it('keeps each line and record of a subset byte for byte, with the file’s line ends', async () => {
    const line = (i: number) => ` { "instruction":"\\u00e9 ${i}",\t"output" : 1e1${i}, "output": "b" } `
    const lines = [0, 1, 2, 3].map(line)
    for (const end of ['\n', '\r\n']) {
      const text = `\uFEFF${lines.join(end)}`
      for (const source of [new Blob([text]), await gzip(new Blob([text]))]) {
        const file = await readRows(source)
        expect(await textOf(writeRows(file, [3, 1], { gzip: false }))).toBe(
          `${lines[3]}${end}${lines[1]}${end}`,
        )
      }
      const records = ['"a" ,"b ""c"""', 'd,', '"e\r\n",  f']
      const table = `\n"instruction",output${end}${end}${records.join(end)}${end}`
      const file = await readRows(table)
      expect(file.problems).toHaveLength(1)
      expect(await textOf(writeRows(file, [1, 0]))).toBe(
        `\n"instruction",output${end}${records[2]}${end}${records[0]}${end}`,
      )
    }
  })

  it('counts positions among the rows that could be read', async () => {
    const file = await readRows('[1,{"instruction":"a","output":"b"}]')
    expect(JSON.parse(await textOf(writeRows(file, [0])))).toEqual([{ instruction: 'a', output: 'b' }])
    for (const position of [1, -1, 0.5, Number.NaN]) {
      await expect(writeRows(file, [position])).rejects.toThrow(
        `no row at position ${position}: the file has 1 rows that could be read`,
      )
    }
  })

  it('keeps what JSON.parse would lose', async () => {
    expect(JSON.stringify(JSON.parse(lossy))).not.toBe(lossy)
    const file = await readRows(`${lossy}\n${lossy}`)
    expect(file.rows[0]?.source).toBe(lossy)
    expect(await textOf(writeRows(file, [0]))).toBe(`${lossy}\n`)
    expect((await textOf(writeRows(file, [0], { container: 'json' }))).replace(/\s/g, '')).toBe(`[${lossy}]`)
    expect((await textOf(writeRows(file, [0], { format: 'messages' }))).trim()).toBe(
      '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"2":1.0,"1":12345678901234567890,"x":"again"}',
    )
    await expect(writeRows(file, [0], { container: 'parquet' })).rejects.toThrow(
      'row 1 has the number 12345678901234567890, of which Parquet would lose digits',
    )
  })

  it('writes rows made by hand beside those that were read', async () => {
    for (const text of [
      '{"instruction":"a","output":"b"}\n{"instruction":"c","output":"d"}\n',
      'instruction,output\na,b\nc,d\n',
    ]) {
      const file = await readRows(text)
      const raw = { instruction: 'x, y', output: 'z' }
      const turns = [
        { role: 'user', content: 'x, y' },
        { role: 'assistant', content: 'z' },
      ] as const
      const rows = [...file.rows, { index: 2, id: 'mine', raw, turns }]
      const again = await readRows(await writeRows({ ...file, rows }, [2, 0]))
      expect(again.rows.map(row => row.raw)).toEqual([raw, file.rows[0]!.raw])
    }
    const table = await readRows('instruction,output\na,b\n')
    const rows = [{ ...table.rows[0]!, raw: { instruction: 'a', output: 'b', c: 1 } }]
    delete (rows[0] as { range?: unknown }).range
    await expect(writeRows({ ...table, rows }, [0])).rejects.toThrow(
      'a field for which the table has no column',
    )
  })

  it('names what a format or container has no place for', async () => {
    const row = (...roles: string[]) => ({ messages: roles.map((role, i) => ({ role, content: `${i}` })) })
    const file = await readRows(
      [
        row('user', 'assistant', 'user'),
        row('user', 'assistant', 'system', 'user', 'assistant'),
        { ...row('user', 'assistant'), output: 'mine' },
        {
          messages: [
            { role: 'user', content: 'a', weight: 0 },
            { role: 'assistant', content: 'b' },
          ],
        },
        { ...row('user', 'assistant'), input: 5 },
        { ...row('user', 'assistant'), name: '\ud800' },
      ]
        .map(one => JSON.stringify(one))
        .join('\n'),
    )
    const refused: [number, Parameters<typeof writeRows>[2], string][] = [
      [0, { format: 'alpaca' }, 'row 1 cannot be written as alpaca: turn 2 is not where'],
      [1, { format: 'alpaca' }, 'row 2 cannot be written as alpaca: turn 3 is not where'],
      [
        2,
        { format: 'alpaca' },
        'row 3 cannot be written as alpaca: its "output" has a name that the format needs',
      ],
      [
        3,
        { format: 'sharegpt' },
        'row 4 cannot be written as sharegpt: a message of its "messages" has "weight"',
      ],
      [4, { container: 'csv' }, 'row 5 cannot be written to a table: its "input" (5)'],
      [5, { container: 'tsv' }, 'row 6 cannot be written to a table: its "name"'],
      [5, { container: 'parquet' }, 'row 6 has text that is not well-formed Unicode'],
      [0, { container: 'parquet', gzip: true }, 'Parquet packs its own pages'],
      [0, { container: 'xml' as 'json' }, 'cannot write "xml"; the containers are json, jsonl'],
      [0, { format: 'xml' as 'alpaca' }, 'cannot write a row as "xml"; its formats are messages'],
    ]
    for (const [position, options, message] of refused)
      await expect(writeRows(file, [position], options)).rejects.toThrow(message)
  })

  it('does not convert a row by a shape that it was not read by', async () => {
    const both = {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
      instruction: 'c',
      output: 'd',
    }
    const file = await readRows(JSON.stringify(both), { format: 'alpaca' })
    await expect(writeRows(file, [0], { format: 'sharegpt' })).rejects.toThrow(
      'row 1 cannot be written as sharegpt: it looks like messages, and was not read as that',
    )
    expect(JSON.parse(await textOf(writeRows(file, [0])))).toEqual(both)
  })

  it('keeps a system text, earlier rounds and further fields in every format', async () => {
    const raw = {
      instruction: 'c',
      input: 'd',
      output: 'e',
      system: 's',
      history: [['a', 'b']],
      source: 'book',
      score: 1.5,
    }
    const file = await readRows(JSON.stringify([raw]))
    for (const format of ['sharegpt', 'messages'] as const) {
      const there = await readRows(await writeRows(file, [0], { format }))
      expect(there).toMatchObject({ format, rows: [{ turns: file.rows[0]!.turns }] })
      expect(there.rows[0]!.raw).toMatchObject({ source: 'book', score: 1.5 })
      const back = await readRows(await writeRows(there, [0], { format: 'alpaca' }))
      expect(back.rows[0]!.raw).toEqual({ ...raw, instruction: 'c\nd', input: '' })
    }
  })
})

const containers = ['json', 'jsonl', 'csv', 'tsv', 'parquet'] as const
const formats = ['alpaca', 'sharegpt', 'messages'] as const

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    '',
    ' ',
    '[1]',
    '{}',
    '12',
    'null',
    'a,b',
    '\t',
    'a\r\nb',
    '"',
    '""',
    "'",
    '\uFEFF',
    '\0',
    ' x ',
  ),
)
const filled = text.map(one => `x${one}`)
const extras = fc.dictionary(
  fc.oneof(fc.constantFrom('score', 'source', 'embedding', 'id', 'a.b', 'tags'), filled),
  fc.oneof(
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.array(fc.integer()),
    fc.jsonValue({ maxDepth: 3 }),
  ),
  { maxKeys: 3 },
)
const round = fc.tuple(filled, filled)
const row = fc.record({
  format: fc.constantFrom(...formats),
  system: fc.option(filled),
  rounds: fc.array(round, { minLength: 1, maxLength: 3 }),
  extras,
})

function rawOf({
  format,
  system,
  rounds,
  extras: more,
}: typeof row extends fc.Arbitrary<infer T> ? T : never): object {
  const turns = rounds.flatMap(([q, a]) => [
    { role: 'user', content: q },
    { role: 'assistant', content: a },
  ])
  const all = system === null ? turns : [{ role: 'system', content: system }, ...turns]
  if (format === 'messages') return { messages: all, ...more }
  const names: Record<string, string> = { system: 'system', user: 'human', assistant: 'gpt' }
  if (format === 'sharegpt')
    return { conversations: all.map(({ role, content }) => ({ from: names[role], value: content })), ...more }
  const [last] = rounds.slice(-1)
  return {
    instruction: last![0],
    input: '',
    output: last![1],
    ...(system === null ? {} : { system }),
    ...(rounds.length > 1 ? { history: rounds.slice(0, -1) } : {}),
    ...more,
  }
}

/** Without what is null: a table and Parquet have every column in every row. Minus zero is zero in JSON. */
const present = (raw: unknown): unknown =>
  Object.fromEntries(
    Object.entries(JSON.parse(JSON.stringify(raw)) as object).filter(([, value]) => value !== null),
  )

describe('whatever rows are written, the same are read', () => {
  it('in every format and container, packed or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...containers),
        fc.option(fc.constantFrom(...formats), { nil: undefined }),
        fc.boolean(),
        async (rows, container, format, pack) => {
          const file = await readRows(rows.map(one => JSON.stringify(rawOf(one))).join('\n'))
          expect(file.problems).toEqual([])
          const positions = file.rows.map((_, i) => i)
          const gzip = pack && container !== 'parquet'
          const written = await writeRows(file, positions, { container, ...(format ? { format } : {}), gzip })
          const again = await readRows(written)
          // A table of one column has no delimiter to tell it by; one of nulls may stand beside it.
          const columns = new Set(again.rows.flatMap(({ raw }) => Object.keys(raw as object)))
          const told = container === 'tsv' && columns.size === 1 ? again.container : container
          expect(again).toMatchObject({ container: told, gzip, problems: [], total: rows.length })
          expect(again.rows.map(({ turns }) => turns)).toEqual(file.rows.map(({ turns }) => turns))
          if (format) expect(again.format).toBe(format)
          else
            expect(again.rows.map(({ raw }) => present(raw))).toEqual(
              file.rows.map(({ raw }) => present(raw)),
            )
          // All rows as they came are the file itself.
          expect(await bytesOf(await writeRows(again, positions))).toEqual(await bytesOf(written))
          // Some rows as they came are those rows.
          const some = positions.filter(i => i % 2 === 0).reverse()
          const subset = await readRows(await writeRows(again, some))
          expect(subset.container).toBe(told)
          expect(subset.rows.map(({ id }) => id.slice(0, 16))).toEqual(
            some.map(i => again.rows[i]!.id.slice(0, 16)),
          )
        },
      ),
      { numRuns: 150 },
    )
  })
})

const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer())
