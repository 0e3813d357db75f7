import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanJson, skipSpace } from '../../src/data/json-scanner'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Whether the whole text is one JSON value, by the scanner. */
function accepts(text: string): boolean {
  const bytes = bytesOf(text)
  const span = scanJson(bytes)
  return 'end' in span && skipSpace(bytes, span.end) === bytes.length
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('scanJson', () => {
  it.each([
    '{}',
    '[]',
    ' [ 1 , -0.5e+10, 0, 1E9 ] ',
    '{"a":{"b":[null,true,false,"x"]}}',
    '"\\u00e9\\n\\"\\\\"',
    '"é😀"',
    '01',
    '1.',
    '.5',
    '-',
    '1e',
    '+1',
    'NaN',
    'nul',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '{"a"}',
    '{"a":}',
    '[1 2]',
    '{"a":1 "b":2}',
    '["a\nb"]',
    '"\\x"',
    '"\\u12g4"',
    '"',
    '[',
    '{',
    '{"a"',
    '{"a":',
    '[1',
    ']',
    '[}',
    '[1}',
    '{]',
    '',
    ' ',
    '1 2',
    '[]]',
    '\uFEFF[]',
    '\u00a0[]',
    '{"a":[}]',
    '{"a":1]',
    '[{]}',
    '[,1]',
    '{,}',
    '{"__proto__":{"x":1}}',
  ])('agrees with JSON.parse about %j', text => {
    expect(accepts(text)).toBe(parses(text))
  })

  it('agrees with JSON.parse about JSON with one character replaced, dropped or put in', () => {
    const edit = fc.record({
      at: fc.nat(),
      drop: fc.nat(1),
      put: fc.constantFrom('', ...'{}[]",:\\0-.e1tfn \n', '\t'),
    })
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(edit, { maxLength: 3 }), (value, edits) => {
        let text = JSON.stringify(value)
        for (const { at, drop, put } of edits) {
          const from = at % (text.length + 1)
          text = text.slice(0, from) + put + text.slice(from + drop)
        }
        expect(accepts(text)).toBe(parses(text))
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['[1,2', 4, true, 'got the end of the text, wanted a comma or ]'],
    ['{"a" 1}', 5, false, "got '1', wanted a colon"],
    ['[1;2]', 2, false, "got ';', wanted a comma or ]"],
    ['{"a":1;', 6, false, "got ';', wanted a comma or }"],
    ['["a\u0001"]', 3, false, 'got byte 0x01, wanted an escape such as \\n inside the text'],
    ['[tru', 4, true, 'got the end of the text, wanted the word true'],
    ['{b', 1, false, "got 'b', wanted a field name in double quotes or }"],
  ])('says where and why %j is not JSON', (text, at, truncated, reason) => {
    expect(scanJson(bytesOf(text))).toEqual({ at, truncated, reason })
  })

  it('counts nesting, and a million levels cost no stack', () => {
    expect(scanJson(bytesOf('[{"a":[1]},[]]'))).toEqual({ end: 14, depth: 3 })
    const n = 1_000_000
    expect(scanJson(bytesOf('['.repeat(n) + ']'.repeat(n)))).toEqual({ end: 2 * n, depth: n })
  })
})
