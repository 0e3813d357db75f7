import { describe, expect, it } from 'vitest'
import { readRows } from '../../src/data/read-rows'
import { joinParts, type Part } from '../../src/job/join-parts'
import { type RowNumbers, rowNumbers, type Texts } from '../../src/job/pooled-row'

class List implements Texts {
  readonly list: string[] = []
  put(text: string) {
    return this.list.push(text) - 1
  }
  get(place: number) {
    return this.list[place]!
  }
}

/** A file of rows, as it is read for a pool. */
async function part(name: string, texts: Texts, rows: readonly object[]): Promise<Part> {
  const file = await readRows(JSON.stringify(rows))
  const numbers: RowNumbers[] = file.rows.map((row, i) =>
    rowNumbers({ row, score: i, exchanges: [] }, { texts, vectors: true, sourceField: 'from' }),
  )
  return { name, rows: numbers, problems: file.problems, missing: [] }
}

const row = (output: string, more: object = {}) => ({ instruction: 'Say.', output, ...more })

describe('parts of one file', () => {
  const a = [row('zero', { tabtune_row: 0, tabtune_tokens: 3 }), row('three', { tabtune_row: 3 })]
  const b = [row('one', { tabtune_row: 1 }), row('zero', { tabtune_row: 4, quality_scores: [1] })]
  const problem = { index: 2, reason: 'it is empty', excerpt: '' }

  it('are put together as they were, in whatever order they are given', async () => {
    const texts = new List()
    const parts = [await part('a', texts, a), { ...(await part('b', texts, b)), missing: [problem] }]
    const joined = joinParts(parts, texts)
    expect(joined.rows.map(({ index, text }) => [index, text])).toEqual([
      [0, 'Say.\nzero'],
      [1, 'Say.\none'],
      [3, 'Say.\nthree'],
      [4, 'Say.\nzero'],
    ])
    expect(joined.problems).toEqual([problem])
    expect(joined.indexOf(0, 1)).toBe(3)
    const other = joinParts([parts[1]!, parts[0]!], texts)
    expect(other.rows.map(({ id }) => id)).toEqual(joined.rows.map(({ id }) => id))
  })

  it('have the ids that their rows had before they were scored', async () => {
    const texts = new List()
    const joined = joinParts([await part('a', texts, a), await part('b', texts, b)], texts)
    const plain = await readRows(JSON.stringify([row('zero'), row('one'), {}, row('three'), row('zero')]))
    expect(joined.rows.map(({ id }) => id)).toEqual(plain.rows.map(({ id }) => id))
    expect(joined.rows.at(-1)!.id).toMatch(/-4$/)
    const [first, last] = [joined.rows[0]!, joined.rows.at(-1)!]
    expect(first.content).toBe(last.content)
    expect(first.tokens).toBe(3)
    expect('tokens' in last).toBe(false)
  })

  it('must all say where they belong, and be whole', async () => {
    const texts = new List()
    const some = [await part('a', texts, a), await part('c', texts, [row('five')])]
    expect(() => joinParts(some, texts)).toThrow('c: row 0 has no position in the file it was scored in')
    const broken = [{ ...some[0]!, problems: [{ index: 7, reason: 'is cut off', excerpt: '' }] }]
    expect(() => joinParts(broken, texts)).toThrow('a is a part of a scored file, and its row 7 is cut off')
  })
})

describe('numbers of a row', () => {
  it('say what its columns say of its scores', async () => {
    const texts = new List()
    const { rows } = await readRows(
      JSON.stringify([row('a', { tabtune_truncated: true, tabtune_missing: 'it is NaN' }), row('b')]),
    )
    const exchange = { scores: { quality: 1 }, truncated: false }
    const numbers = (score: number | { missing: string }) =>
      rows.map(one => rowNumbers({ row: one, score, exchanges: [exchange] }, { texts }))
    expect(numbers(2).map(({ score }) => score)).toEqual([2, 2])
    expect(numbers(2).map(({ exchanges }) => exchanges[0]!.truncated)).toEqual([true, false])
    expect(numbers({ missing: 'quality is null' }).map(({ score }) => score)).toEqual([
      { missing: 'quality is null (it is NaN)' },
      { missing: 'quality is null' },
    ])
  })
})

describe('files that are taken together', () => {
  it('are counted through, with what could not be read', async () => {
    const texts = new List()
    const parts = [
      await part('a', texts, [row('zero', { from: 'books' }), {}, row('two')]),
      await part('b', texts, [{}, row('four', { from: 4 })]),
    ]
    const joined = joinParts(parts, texts)
    expect(joined.rows.map(({ index, text }) => [index, text])).toEqual([
      [0, 'Say.\nzero'],
      [2, 'Say.\ntwo'],
      [4, 'Say.\nfour'],
    ])
    expect(joined.problems.map(({ index }) => index)).toEqual([1, 3])
    expect(joined.rows.map(({ source }) => source)).toEqual(['books', undefined, undefined])
    expect(joined.indexOf(1, 1)).toBe(4)
  })

  it('are no parts where two rows say the same position', async () => {
    const texts = new List()
    const scored = [row('zero', { tabtune_row: 0 }), row('one', { tabtune_row: 1 })]
    const joined = joinParts([await part('a', texts, scored), await part('b', texts, scored)], texts)
    expect(joined.rows.map(({ index }) => index)).toEqual([0, 1, 2, 3])
  })

  it('keep the vectors of their columns', async () => {
    const texts = new List()
    const joined = joinParts([await part('a', texts, [row('x', { embedding: [1, 0.5] }), row('y')])], texts)
    expect(joined.rows.map(({ raw }) => raw)).toEqual([{ embedding: Float32Array.of(1, 0.5) }, {}])
  })
})
