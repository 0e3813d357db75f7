import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentOf } from '../../src/data/content'
import { readCsvRecords } from '../../src/data/csv-records'
import { gzip } from '../../src/data/gzip'
import { readPairs } from '../../src/data/read-pairs'
import { readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

const header = 'instruction,input,output,score,tags\n'

describe('CSV and TSV', () => {
  it('reads rows with text, nothing, numbers and lists', async () => {
    const text = `${header}"Add ""1"",\nand 2",,3,1.50,"[""a"",1]"\r\n\nName 2,"",[1],12345678901234567890,2024-01-01`
    const file = await readRows(text)
    expect(file).toMatchObject({ container: 'csv', gzip: false, format: 'alpaca', problems: [], total: 2 })
    expect(file.rows.map(({ raw }) => raw)).toEqual([
      { instruction: 'Add "1",\nand 2', output: '3', score: 1.5, tags: ['a', 1] },
      {
        instruction: 'Name 2',
        input: '',
        output: '[1]',
        score: Number('12345678901234567890'),
        tags: '2024-01-01',
      },
    ])
    expect(file.rows[1]?.source).toContain('"score":12345678901234567890')
    const bytes = new TextEncoder().encode(text)
    const source = file.rows.map(({ range }) => new TextDecoder().decode(bytes.subarray(...range!)))
    expect(`${header}${source[0]}\r\n\n${source[1]}`).toBe(text)
  })

  it.each([
    ['tsv', 'instruction\toutput\na\tb, "c"\n'],
    ['csv', 'instruction;output\na;b, "c"\n'],
    ['csv', '\uFEFF"output","instruction"\r\n"b, ""c""","a"\r\n'],
  ])('tells %s by its first line', async (container, text) => {
    const file = await readRows(text)
    expect(file.container).toBe(container)
    expect(file.rows[0]?.turns.map(({ content }) => content)).toEqual(['a', 'b, "c"'])
    const packed = await readRows(await gzip(new Blob([text])))
    expect(packed).toMatchObject({ container, gzip: true, rows: [{ id: file.rows[0]!.id }] })
  })

  it('passes over a byte order mark before a quoted name with a line break in it', async () => {
    const text = '\uFEFF"my\nnotes",instruction,output\n"x\ny",a,b\n'
    const file = await readRows(text)
    expect(file).toMatchObject({ container: 'csv', problems: [], rows: [{ raw: { 'my\nnotes': 'x\ny' } }] })
    expect(await (await writeRows(file, [0])).text()).toBe(text.slice(1))
    const bytes = new TextEncoder().encode(text)
    const chunks = async function* () {
      for (const [i, byte] of bytes.entries()) yield { bytes: Uint8Array.of(byte), end: i + 1 }
    }
    expect(await all(readCsvRecords(chunks(), 0x2c, 1000))).toHaveLength(2)
  })

  it('reads messages as JSON in a field, and pairs of texts or messages', async () => {
    const messages = JSON.stringify([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ])
    const quoted = `"${messages.replaceAll('"', '""')}"`
    expect((await readRows(`id,messages\n1,${quoted}\n`)).rows[0]).toMatchObject({
      raw: { id: 1 },
      turns: [{ content: 'a' }, { content: 'b' }],
    })
    const { pairs } = await readPairs(
      `prompt,chosen,rejected\n[1],2,{}\nq,${quoted},"${messages.replaceAll('"', '""').replace('b', 'c')}"`,
    )
    expect(pairs).toMatchObject([
      { prompt: [{ content: '[1]' }], chosen: '2', rejected: '{}' },
      { prompt: [{ content: 'a' }], chosen: 'b', rejected: 'c' },
    ])
  })

  it('explains every bad record', async () => {
    const text = new Blob([
      'instruction,output\na,b\na\na,b,c\na,"b"c\n"a',
      Uint8Array.from([0xe9]),
      '",b\n ,b\n,b\nd,e\n"never',
    ])
    const file = await readRows(text)
    expect(file.problems.map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'has 1 field, the first line names 2 columns'],
      [4, 'has 3 fields, the first line names 2 columns'],
      [5, expect.stringContaining('has a quote in the wrong place')],
      [6, 'is not UTF-8: byte 0xe9 at position 2 fits no character'],
      [7, '"instruction" is only white space'],
      [8, expect.stringContaining('has the fields "output"')],
      [10, 'breaks off: a quote opens a field that is not closed until the file ends'],
    ])
    expect(file.rows.map(({ index }) => index)).toEqual([0, 7])
    expect(file.total).toBe(9)
  })

  it('refuses a table that names a column twice', async () => {
    await expect(readRows('output,instruction,output\na,b,c')).rejects.toThrow(
      'the file has two columns named "output": rename one of them.',
    )
  })

  it.each([
    [
      'instruction\toutput\na\t"b\nc\td\n',
      'the file holds no rows: its only row (line 2) breaks off: a quote opens a field that is not closed until the file ends.',
    ],
    [
      'instruction,output\na\nb\n',
      'the file holds no rows: none of its 2 entries is a row that can be read. The first has 1 field, the first line names 2 columns.',
    ],
    ['instruction,output\n', 'the file has a line of column names and nothing behind it: it holds no rows.'],
    ...['instruction,output\ra,b\r', '"x\ry",output\r"a",b\r', '"output"\r"a"\r'].map(text => [
      text,
      'the file has lines that end in carriage returns alone: save it with line feeds (LF or CR LF).',
    ]),
  ])('says of %j what is wrong with it as a table', async (text, message) => {
    await expect(readRows(text!)).rejects.toThrow(message)
  })

  it('takes a table with other columns when told, and says what it has', async () => {
    await expect(readRows('q,a\n1,2\n', { container: 'csv' })).rejects.toThrow(
      'its only row has the fields "q", "a"',
    )
  })

  it('gives the same records however the stream is cut', async () => {
    const pieces = fc.array(fc.constantFrom('a', 'é', '"', '""', ',', '\n', '\r\n', ' '), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 5 }), async (parts, size) => {
        const bytes = new TextEncoder().encode(parts.join(''))
        async function* cut() {
          for (let at = 0; at < bytes.length; at += size)
            yield { bytes: bytes.subarray(at, at + size), end: at + size }
        }
        const whole = await all(readCsvRecords(contentOf(bytes).chunks(), 0x2c, 100))
        const places = (records: typeof whole) => records.map(({ end, ...rest }) => rest)
        expect(places(await all(readCsvRecords(cut(), 0x2c, 100)))).toEqual(places(whole))
        // Records, with their line ends, are the whole text.
        expect([0, ...whole.map(({ next }) => next)]).toEqual([...whole.map(({ at }) => at), bytes.length])
      }),
      { numRuns: 300 },
    )
  })
})
