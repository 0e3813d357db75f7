import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/data/data-error'
import { readRows } from '../../src/data/read-rows'

const row = '{"instruction":"i","output":"o"}'
const blob = (...parts: (string | number[])[]): Blob =>
  new Blob(parts.map(part => (typeof part === 'string' ? part : Uint8Array.from(part))))

describe('containers', () => {
  it.each<[string, Blob | string, 'json' | 'jsonl', indices: number[], problems: number]>([
    ['a list', `[${row},${row}]`, 'json', [0, 1], 0],
    ['a list, one row a line', `[\n${row},\n${row}\n]\n`, 'json', [0, 1], 0],
    ['a list with a byte order mark', blob([0xef, 0xbb, 0xbf], `[${row}]`), 'json', [0], 0],
    ['an object around a list', `{"version":1,"meta":{"a":[1]},"data":[${row}],"x":null}`, 'json', [0], 0],
    ['an object around a list, laid out', `{\n  "data": [\n${row},\n${row}\n]\n}`, 'json', [0, 1], 0],
    ['one row, laid out', JSON.stringify(JSON.parse(row), null, 2), 'json', [0], 0],
    ['one row on one line', row, 'jsonl', [0], 0],
    ['lines', `${row}\n${row}\n`, 'jsonl', [0, 1], 0],
    ['lines with \\r\\n and blank ones', `\r\n${row}\r\n \r\n${row}`, 'jsonl', [0, 1], 0],
    ['lines with a byte order mark', blob([0xef, 0xbb, 0xbf], `${row}\n${row}`), 'jsonl', [0, 1], 0],
    [
      'lines after a line of only a byte order mark',
      blob([0xef, 0xbb, 0xbf], `\n${row}\n${row}`),
      'jsonl',
      [0, 1],
      0,
    ],
    ['lines of which the first is not JSON', `oops\n${row}`, 'jsonl', [1], 1],
    ['lines of which the first breaks off', `{"instruction":"i\n${row}\n${row}`, 'jsonl', [1, 2], 1],
    ['lines of which the first is a list', `[]\n${row}`, 'jsonl', [1], 1],
    [
      'lines of which the first two break off',
      `{"instruction":"i
{"a"
${row}
${row}`,
      'jsonl',
      [2, 3],
      2,
    ],
    [
      'lines of which one is not UTF-8',
      blob(`${row}\n{"instruction":"`, [0xe9], `","output":"o"}\n${row}`),
      'jsonl',
      [0, 2],
      1,
    ],
    ['lines of which the last breaks off', `${row}\n{"instruction":"i","out`, 'jsonl', [0], 1],
  ])('reads %s', async (_, source, container, indices, problems) => {
    const file = await readRows(source)
    expect(file.container).toBe(container)
    expect(file.rows.map(({ index }) => index)).toEqual(indices)
    expect(file.problems).toHaveLength(problems)
    expect(file.total).toBe(indices.length + problems)
  })

  it('takes bytes, text and blobs for the same', async () => {
    const text = `[{"instruction":"é","output":"😀"}]`
    const { rows } = await readRows(text)
    expect((await readRows(new TextEncoder().encode(text))).rows).toEqual(rows)
    expect((await readRows(blob(text))).rows).toEqual(rows)
  })

  it('explains every bad line', async () => {
    const file = await readRows(
      blob(`${row}\n{"instruction":"`, [0xe9], `"}\n${row} ${row}\n{"a":1,}\n{"a":\n${row}`),
    )
    expect(file.problems).toEqual([
      {
        index: 1,
        line: 2,
        reason: 'is not UTF-8: byte 0xe9 at position 16 fits no character',
        excerpt: '{"instruction":"�"}',
      },
      { index: 2, line: 3, reason: 'has more text after its JSON, at position 33', excerpt: `${row} ${row}` },
      {
        index: 3,
        line: 4,
        reason: "is not JSON at position 7: got '}', wanted a field name in double quotes",
        excerpt: '{"a":1,}',
      },
      {
        index: 4,
        line: 5,
        reason: 'breaks off at position 5: got the end of the text, wanted a value',
        excerpt: '{"a":',
      },
    ])
  })
})

describe('files that cannot be read', () => {
  it.each<[string, Blob | string, string]>([
    ['empty', '', 'the file is empty.'],
    ['blank', ' \n\t\r\n', 'the file is empty: it holds only white space.'],
    ['only a byte order mark', blob([0xef, 0xbb, 0xbf]), 'the file is empty: it holds only white space.'],
    [
      'prose',
      'hello',
      "the file is not JSON: line 1 is not JSON at position 0: got 'h', wanted a value (it begins hello).",
    ],
    [
      'CSV',
      'a,b\n1,2\n',
      "the file is neither JSON nor JSON lines: row 1 (line 1) is not JSON at position 0: got 'a', wanted a value (it begins a,b). A CSV or TSV needs a first line that names its columns, such as instruction and output.",
    ],
    ['an empty list', '[]', 'the file is an empty list: it holds no rows.'],
    ['a wrapped empty list', '{"data":[]}', 'the file is an empty list: it holds no rows.'],
    ['null', 'null', 'the file holds no rows: its only row is null, wanted an object.'],
    [
      'numbers',
      '[1,2,3]',
      'the file holds no rows: none of its 3 entries is a row that can be read. The first is a number, wanted an object.',
    ],
    [
      'another shape',
      '{"text":"a"}\n{"text":"b"}',
      'the file holds no rows: none of its 2 entries is a row that can be read. The first has the fields "text"; wanted "messages" [{role, content}], or "conversations" [{from, value}], or "instruction" and "output".',
    ],
    [
      'an empty object',
      '{}',
      'the file is an object without a list of rows; wanted a list, or one object a line.',
    ],
    [
      'an object without a list',
      '{"a":1,"b":{"c":[]}}',
      'the file is an object without a list of rows (its fields: "a", "b"); wanted a list, or one object a line.',
    ],
    [
      'two lists',
      `{"train":[${row}],"test":[]}`,
      'the file is an object with 2 lists ("train", "test"): save the list that holds the rows as a file of its own.',
    ],
    [
      'two lists of one name',
      `{"rows":[${row}],"n":1,"rows":[${row}]}`,
      'the file is an object with two fields named "rows": join their lists into one.',
    ],
    [
      'a list that another value of its name replaces',
      `{"rows":[${row}],"rows":null}`,
      'the file is an object with two fields named "rows": join their lists into one.',
    ],
    [
      'pairs',
      '[{"prompt":"a","chosen":"b","rejected":"c"}]',
      'the file holds no rows: its only row is a preference pair (it has "chosen" and "rejected"), not an instruction row.',
    ],
    [
      'cut between rows',
      `[\n${row},\n${row}\n`,
      'the file breaks off in row 3 (line 4, byte 69) after 2 complete rows: got the end of the text, wanted a comma or ]. Export or copy the file again, or keep what is whole: cut it after byte 68 and close the list with ].',
    ],
    [
      'cut inside a row',
      `[${row},{"instruc`,
      'the file breaks off in row 2 (line 1, byte 43) after 1 complete row: got the end of the text, wanted a closing quote. Export or copy the file again, or keep what is whole: cut it after byte 33 and close the list with ].',
    ],
    [
      'cut inside the first row',
      '[{"a"',
      'the file breaks off in row 1 (line 1, byte 5) after 0 complete rows: got the end of the text, wanted a colon. Export or copy the file again.',
    ],
    [
      'cut inside a wrapped list',
      `{"data":[${row},`,
      'the file breaks off in row 2 (line 1, byte 42) after 1 complete row: got the end of the text, wanted a value. Export or copy the file again, or keep what is whole: cut it after byte 41 and close the list with ].',
    ],
    [
      'cut inside a wrapper',
      '{"data"',
      'the file breaks off at line 1, byte 7: got the end of the text, wanted a colon. Export or copy the file again.',
    ],
    [
      'cut inside a character',
      blob(`[${row},{"instruction":"`, [0xc3]),
      'the file breaks off in row 2 (line 1, byte 51) after 1 complete row: got the end of the text, wanted a closing quote. Export or copy the file again, or keep what is whole: cut it after byte 33 and close the list with ].',
    ],
    [
      'objects with commas between them',
      `${row},\n${row},\n${row},\n${row}`,
      "the file is not JSON: at line 1, byte 32: got ',', wanted the end of the file. Correct that place, or export the file again.",
    ],
    [
      'a row with NaN',
      `[${row},\n{"a":NaN}]`,
      "the file is not JSON: in row 2 (line 2, byte 40) after 1 complete row: got 'N', wanted a value. Correct that place, or export the file again.",
    ],
    [
      'text behind the list',
      `[${row}] x`,
      "the file is not JSON: at line 1, byte 35: got 'x', wanted the end of the file. Correct that place, or export the file again.",
    ],
    [
      'a trailing comma in a wrapper',
      '{"data":[],}',
      "the file is not JSON: at line 1, byte 11: got '}', wanted a field name in double quotes. Correct that place, or export the file again.",
    ],
    [
      'Latin-1',
      blob('[{"instruction":"', [0xe9], '"}]'),
      'the file is not UTF-8: the byte 0xe9 at offset 17 (line 1) fits no character. Save the file again with the encoding UTF-8.',
    ],
    [
      'Latin-1 before a fault',
      blob('[{"a":"', [0xe9], '"} x'),
      'the file is not UTF-8: the byte 0xe9 at offset 7 (line 1) fits no character. Save the file again with the encoding UTF-8.',
    ],
    [
      'UTF-16',
      blob([0xff, 0xfe, 0x5b, 0]),
      'the file is text in UTF-16; wanted JSON, JSON lines, CSV, TSV or Parquet.',
    ],
    ['Arrow', 'ARROW1\0\0', 'the file is an Arrow file; wanted JSON, JSON lines, CSV, TSV or Parquet.'],
    [
      'a piece of a Parquet file',
      'PAR1\u0000',
      'the file is a Parquet file that breaks off: it does not end as Parquet files do. Export or copy it again.',
    ],
    [
      'a piece of a gzip archive',
      blob([0x1f, 0x8b, 8]),
      'the file is a gzip archive that is damaged or breaks off. Copy or download it again, or unpack what is left of it with gunzip.',
    ],
    [
      'a deep document',
      '['.repeat(200_000),
      'the file breaks off in row 1 (line 1, byte 200000) after 0 complete rows: got the end of the text, wanted a value or ]. Export or copy the file again.',
    ],
  ])('%s', async (_, source, message) => {
    const error: unknown = await readRows(source).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(DataError)
    expect((error as DataError).message).toBe(message)
  })

  it('calls the file by its name', async () => {
    await expect(readRows(new File([''], 'mine.json'))).rejects.toThrow('mine.json is empty.')
    await expect(readRows('', { name: 'yours.json' })).rejects.toThrow('yours.json is empty.')
  })

  it('says when the file has gone', async () => {
    const gone = blob(row)
    gone.stream = () => {
      throw new DOMException('The requested file could not be read', 'NotReadableError')
    }
    await expect(readRows(gone)).rejects.toThrow(
      'the file cannot be read: The requested file could not be read. Choose it again: it may have been moved or changed.',
    )
  })
})

describe('size', () => {
  it('reads a row of 1 MB, in a list and on a line', async () => {
    const big = JSON.stringify({ instruction: 'i', output: 'é\n"'.repeat(250_000) })
    for (const text of [`[${big},${row}]`, `${big}\n${row}`, big]) {
      const file = await readRows(text)
      expect(file.problems).toEqual([])
      expect(file.rows[0]?.turns[1]?.content).toHaveLength(750_000)
    }
  })

  it('passes over a row of more than 64 MB', async () => {
    const huge = new Blob(['{"instruction":"i","output":"', 'x'.repeat(2 ** 26), '"}'])
    for (const source of [
      new Blob([row, '\n', huge, '\n', row]),
      new Blob(['[', row, ',', huge, ',', row, ']']),
    ]) {
      const file = await readRows(source)
      expect(file.problems).toMatchObject([
        { index: 1, reason: 'is longer than 64 MB', excerpt: expect.stringMatching(/^.{79}…$/) },
      ])
      expect(file.rows.map(({ index }) => index)).toEqual([0, 2])
    }
  })

  it('reports progress up to the end and stops when asked', async () => {
    const long = JSON.stringify({ instruction: 'i', output: 'o'.repeat(200) })
    const text = `${long}\n`.repeat(30_000)
    for (const source of [text, `[${`${long},`.repeat(29_999)}${long}]`]) {
      const seen: number[] = []
      const { total } = await readRows(source, {
        onProgress: ({ bytes, totalBytes }) => seen.push(bytes / totalBytes),
      })
      expect(total).toBe(30_000)
      expect(seen.length).toBeGreaterThan(2)
      expect(seen).toEqual([...seen].sort((a, b) => a - b))
      expect(seen.at(-1)).toBe(1)

      const stop = new AbortController()
      let calls = 0
      const onProgress = (): void => {
        calls++
        stop.abort()
      }
      await expect(readRows(source, { signal: stop.signal, onProgress })).rejects.toMatchObject({
        name: 'AbortError',
      })
      expect(calls).toBe(1)
    }
    await expect(readRows(text, { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never')
  })
})
