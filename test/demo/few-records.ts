import { readFile } from 'node:fs/promises'

const sample = async (name: 'rows' | 'pairs'): Promise<unknown[]> =>
  JSON.parse(await readFile(new URL(`../../demo/public/sample/${name}.json`, import.meta.url), 'utf8'))

const byLength = (records: readonly unknown[]) =>
  [...records].sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)

/** Short rows of the sample, one of them twice with another word, and two that cannot be read. */
export async function fewRows(): Promise<unknown[]> {
  const rows = await sample('rows')
  const short = byLength(rows).slice(20, 34)
  const row = rows[5] as { readonly output: string }
  return [...short, row, { ...row, output: `${row.output} Indeed.` }, rows[101], rows[117]]
}

/** Short pairs of the sample, and one that cannot be used. */
export async function fewPairs(count: number): Promise<unknown[]> {
  const pairs = await sample('pairs')
  return [...byLength(pairs).slice(2, 2 + count), pairs[37]]
}

/** The values of a file of JSON lines. */
export const lines = (bytes: Buffer) =>
  bytes
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
