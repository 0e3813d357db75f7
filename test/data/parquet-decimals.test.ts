import type { SchemaElement } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { readRows } from '../../src/data/read-rows'
import { writeRows } from '../../src/data/write-rows'
import { storedParquet, texts } from './stored-parquet'

const two = [texts('instruction', ['a', 'b', 'c']), texts('output', ['d', 'e', 'f'])]

const decimal = (type: 'INT32' | 'INT64' | 'BYTE_ARRAY', scale: number): [SchemaElement, SchemaElement] => {
  const stored = { name: 'price', type, repetition_type: 'OPTIONAL' } as const
  return [stored, { ...stored, converted_type: 'DECIMAL', scale, precision: 18 }]
}

const sourceOf = (price: string) => `{"instruction":"a","output":"d","price":${price}}`

describe('decimals of Parquet', () => {
  it.each<['INT32' | 'INT64' | 'BYTE_ARRAY', number, unknown, string]>([
    ['INT64', 1, 3n, '0.3'],
    ['INT64', 1, 123456789012345678n, '12345678901234567.8'],
    ['INT64', 2, -5n, '-0.05'],
    ['INT64', 2, 150n, '1.50'],
    ['INT64', 0, -12n, '-12'],
    ['INT32', 4, -12345, '-1.2345'],
    ['BYTE_ARRAY', 2, Uint8Array.of(0xff, 0x7d), '-1.31'],
    ['BYTE_ARRAY', 2, Uint8Array.of(0x00, 0xff), '2.55'],
    ['BYTE_ARRAY', 3, new Uint8Array(), '0.000'],
  ])('%s with %d places: %s is %s', async (type, scale, value, price) => {
    const [stored, told] = decimal(type, scale)
    const column = { name: 'price', data: [value, value, null], stored: [stored], told: [told] }
    const file = await readRows(storedParquet([...two, column]))
    expect(file.rows.map(({ raw }) => (raw as { price: unknown }).price)).toEqual([
      Number(price),
      Number(price),
      null,
    ])
    expect(file.rows[0]?.source ?? JSON.stringify(file.rows[0]?.raw)).toBe(sourceOf(price))
    const [same] = (await readRows(await writeRows(file, [0]))).rows
    expect(same?.source ?? JSON.stringify(same?.raw)).toBe(sourceOf(price))
    expect(await (await writeRows(file, [0], { container: 'jsonl' })).text()).toBe(`${sourceOf(price)}\n`)
  })

  it('finds them within lists, structs and maps', async () => {
    const element = (name: string, decimal: boolean): SchemaElement => ({
      name,
      type: 'INT64',
      repetition_type: 'OPTIONAL',
      ...(decimal ? { converted_type: 'DECIMAL', scale: 1, precision: 18 } : {}),
    })
    const schema = (decimals: boolean): SchemaElement[] => [
      { name: 's', repetition_type: 'OPTIONAL', num_children: 3 },
      { name: 'list', repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      element('element', decimals),
      { name: 'map', repetition_type: 'OPTIONAL', converted_type: 'MAP', num_children: 1 },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      { name: 'key', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED', converted_type: 'UTF8' },
      element('value', decimals),
      element('n', false),
    ]
    const value = { list: [3n, null, -3n], map: { k: 3n }, n: 3n }
    const column = { name: 's', data: [value, null, value], stored: schema(false), told: schema(true) }
    const file = await readRows(storedParquet([...two, column]))
    const wanted = { list: [0.3, null, -0.3], map: { k: 0.3 }, n: 3 }
    expect(file.rows.map(({ raw }) => (raw as { s: unknown }).s)).toEqual([wanted, null, wanted])
  })

  it('takes one that is none as the problem of its row', async () => {
    for (const [scale, reason] of [
      [-1, 'has a decimal of -1 places'],
      [2_000_000_000, 'has a decimal of 2000000000 places'],
    ] as const) {
      const [stored, told] = decimal('INT64', scale)
      const column = { name: 'price', data: [1n, null, null], stored: [stored], told: [told] }
      const file = await readRows(storedParquet([...two, column]))
      expect(file.problems.map(problem => [problem.index, problem.reason])).toEqual([[0, reason]])
    }
  })
})
