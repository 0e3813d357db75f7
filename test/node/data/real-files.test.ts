import { existsSync, openAsBlob, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readPairs } from '../../../src/data/read-pairs'
import { readRows } from '../../../src/data/read-rows'
import { writeRows } from '../../../src/data/write-rows'

const folder = new URL('../../../../shared/data/', import.meta.url)
const file = (name: string): URL => new URL(name, folder)

describe.runIf(existsSync(folder))('LLaMA-Factory’s demo files', () => {
  it('alpaca: every row is read and written back byte for byte', async () => {
    const rows = await readRows(await openAsBlob(file('alpaca_en_demo.json')))
    expect(rows).toMatchObject({ container: 'json', format: 'alpaca', problems: [], total: 999 })
    const positions = rows.rows.map((_, i) => i)
    const again = await writeRows(rows, positions)
    const bytes = readFileSync(file('alpaca_en_demo.json'))
    expect(bytes.equals(new Uint8Array(await again.arrayBuffer()))).toBe(true)
    // The file's own layout is the one that a subset gets.
    const text = await (await writeRows({ ...rows, total: -1 }, positions)).text()
    expect(text === bytes.toString()).toBe(true)
  })

  it('sharegpt pairs: every pair is read', async () => {
    const pairs = await readPairs(await openAsBlob(file('dpo_en_demo.json')))
    expect(pairs).toMatchObject({ container: 'json', format: 'sharegpt', problems: [], total: 299 })
    expect(pairs.pairs.filter(({ prompt }) => prompt[0]?.role === 'system')).toHaveLength(80)
  })

  it('plain text is refused with what it has', async () => {
    await expect(
      readRows(await openAsBlob(file('c4_demo.jsonl')), { name: 'c4_demo.jsonl' }),
    ).rejects.toThrow(
      /^c4_demo\.jsonl holds no rows: none of its 300 entries is a row that can be read\. The first has the fields "text"/,
    )
    await expect(readRows(await openAsBlob(file('wiki_demo.txt')))).rejects.toThrow(
      'neither JSON nor JSON lines',
    )
  })
})
