import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answeredTurns, type Row } from '../../src/data/row'
import { loadTokenizer } from '../../src/io/tokenizer'
import { rowLine, scoreColumns } from '../../src/job/row-columns'
import { functionScorer } from '../../src/scoring/function-scorer'
import { mean } from '../../src/scoring/reduce'
import { bundledFiles } from '../bundled-model'

const none = { names: [] }

describe('a row with columns', () => {
  it('keeps the characters of what stays', () => {
    const source = '{ "n" : 1.0, "big": 12345678901234567890, "e": "\\u00e9\\"},{", "l": [1e2, {"a": "]"}] }'
    const compact = '{"n":1.0,"big":12345678901234567890,"e":"\\u00e9\\"},{","l":[1e2,{"a":"]"}]}'
    expect(rowLine({ source, raw: {} }, none, {})).toBe(`${compact}\n`)
    expect(rowLine({ source, raw: {} }, { names: ['l', 'e'] }, { l: 2 })).toBe(
      '{"n":1.0,"big":12345678901234567890,"l":2}\n',
    )
    expect(rowLine({ raw: { a: 'é' } }, none, { a: [null], b: {} })).toBe('{"a":[null],"b":{}}\n')
  })

  it('means what its object with the columns set means', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (raw, values) => {
          const line = rowLine({ raw }, none, values)
          const wanted = new Map([...Object.entries(raw), ...Object.entries(values)])
          expect(new Map(Object.entries(JSON.parse(line)))).toEqual(
            new Map(Object.entries(JSON.parse(JSON.stringify(Object.fromEntries(wanted))))),
          )
          expect(line.indexOf('\n')).toBe(line.length - 1)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('columns of scores', () => {
  const row = (index: number, ...answers: string[]): Row => ({
    ...{ index, id: String(index), raw: {} },
    turns: answers.flatMap(content => [
      { role: 'user', content: 'Say.' },
      { role: 'assistant', content },
    ]),
  })

  it('have a list of the exchanges, the row its score, and what is missing a reason', async () => {
    const scorer = functionScorer('size', ({ output }) =>
      output === '' ? { missing: 'it has no answer' } : output.length,
    )
    const tokenizer = await loadTokenizer(await bundledFiles())
    const tokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length
    const rows = [row(4, 'ab', 'abcd'), { ...row(2, 'a', ''), raw: { tabtune_row: 9 } }]
    expect(answeredTurns(rows[0]!)).toHaveLength(2)
    const columns = scoreColumns(scorer, tokenizer, { reduce: mean })
    const values = await columns.compute(rows, {})
    for (const value of values) expect(Object.keys(value)).toEqual(columns.names)
    expect(values).toEqual([
      {
        ...{ size_scores: [2, 4], tabtune_score: 3, tabtune_missing: null, tabtune_truncated: false },
        ...{ tabtune_tokens: tokens('Say.\nab\nSay.\nabcd'), tabtune_row: 4 },
      },
      {
        ...{ size_scores: [1, null], tabtune_score: null, tabtune_missing: 'it has no answer' },
        ...{ tabtune_truncated: false, tabtune_tokens: tokens('Say.\na\nSay.\n'), tabtune_row: 9 },
      },
    ])
  })
})
