import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/data/data-error'
import { readPairs } from '../../src/data/read-pairs'
import { readRows } from '../../src/data/read-rows'
import { exchanges } from '../../src/data/row'

/** Reads as rows and as pairs: each gives a file whose counts add up, or a DataError. */
async function survives(source: string | Uint8Array): Promise<void> {
  for (const read of [readRows, readPairs]) {
    let file: Awaited<ReturnType<typeof readRows | typeof readPairs>>
    try {
      file = await read(source)
    } catch (error) {
      expect(error).toBeInstanceOf(DataError)
      continue
    }
    const records = 'rows' in file ? file.rows : file.pairs
    expect(records.length + file.problems.length).toBe(file.total)
    const indices = [...records, ...file.problems].map(({ index }) => index).sort((a, b) => a - b)
    expect(indices).toEqual(indices.map((_, i) => i))
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
    if ('rows' in file) for (const row of file.rows) expect(exchanges(row).length).toBeGreaterThan(0)
  }
}

const text = fc.constantFrom('', ' ', 'a', 'é😀', 'b\n"\\', '\ud800')
const odd = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }))
const role = fc.constantFrom('user', 'assistant', 'system', 'human', 'gpt', 'tool', 'x', null)
const message = fc.oneof(
  { weight: 6, arbitrary: fc.record({ role, content: odd }, { requiredKeys: [] }) },
  { weight: 6, arbitrary: fc.record({ from: role, value: text }) },
  { weight: 1, arbitrary: odd },
)
const messages = fc.oneof({ weight: 8, arbitrary: fc.array(message, { maxLength: 5 }) }, odd)
/** Objects that look like rows or pairs, with fields missing, wrong or strange. */
const record = fc.record(
  {
    instruction: odd,
    input: odd,
    output: odd,
    system: odd,
    history: fc.oneof(odd, fc.array(fc.array(text, { maxLength: 3 }))),
    messages,
    conversations: messages,
    prompt: fc.oneof(odd, messages),
    chosen: fc.oneof(odd, message, messages),
    rejected: fc.oneof(odd, message, messages),
    ['__proto__']: odd,
  },
  { requiredKeys: [] },
)
const values = fc.array(fc.oneof({ weight: 5, arbitrary: record }, fc.jsonValue()), { maxLength: 4 })

const example = JSON.stringify([
  { instruction: 'Grüße', input: 'x', output: '😀 "o"\n' },
  {
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ],
  },
  { prompt: 'q', chosen: 'c', rejected: 'r', n: [1.5e3, null, true] },
])
const samples = [
  example,
  `{"data":${example}}`,
  JSON.stringify(JSON.parse(example), null, 2),
  (JSON.parse(example) as unknown[]).map(value => `${JSON.stringify(value)}\r\n`).join(''),
]

describe('whatever is given, there is a result or a DataError', () => {
  it('for any JSON, as a list, wrapped and as lines', async () => {
    await fc.assert(
      fc.asyncProperty(values, fc.constantFrom(0, 2), async (list, indent) => {
        await survives(JSON.stringify(list, null, indent))
        await survives(JSON.stringify({ data: list }, null, indent))
        await survives(list.map(value => JSON.stringify(value)).join('\n'))
      }),
      { numRuns: 300 },
    )
  })

  it('for any text and any bytes', async () => {
    const pieces = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        ':',
        ',',
        '\n',
        '1',
        'null',
        '"instruction"',
        '\\',
        '\uFEFF',
        'é',
      ),
    )
    await fc.assert(
      fc.asyncProperty(pieces, async list => survives(list.join(''))),
      { numRuns: 300 },
    )
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), survives), { numRuns: 200 })
  })

  it('for a good file cut at every byte', async () => {
    for (const sample of samples) {
      const bytes = new TextEncoder().encode(sample)
      for (let length = 0; length < bytes.length; length++) await survives(bytes.slice(0, length))
    }
  })

  it('for a good file with bytes changed', async () => {
    const flip = fc.record({ at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.array(flip, { minLength: 1, maxLength: 4 }),
        async (sample, flips) => {
          const bytes = new TextEncoder().encode(sample)
          for (const { at, bits } of flips) bytes[at % bytes.length]! ^= bits
          await survives(bytes)
        },
      ),
      { numRuns: 400 },
    )
  })
})
