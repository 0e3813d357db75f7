import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Manifest, readRows } from '../../src/index'
import { run, temporaryFolder } from './command'
import { manyRows } from './many-rows'

const folder = temporaryFolder({ keep: true })
const at = (name: string) => join(folder, name)
const text = (name: string) => readFileSync(at(name), 'utf8')
const linesOf = (json: string) => json.split('\n').slice(0, -1)

/** Rows whose text a careless writer would change. */
const rows = [
  '{"instruction":"Name a tree.","output":"An oak.","weight":1.0,"complexity_scores":[9]}',
  '{ "instruction" : "Say \\u00e9." , "output" : "\\u00e9" , "serial": 12345678901234567890 }',
  '{"instruction":"No answer."}',
  '{"messages":[{"role":"user","content":"One?"},{"role":"assistant","content":"Yes, one."},{"role":"user","content":"Two?"},{"role":"assistant","content":"Two."}]}',
]
writeFileSync(at('rows.jsonl'), `${rows.join('\n')}\n`)
writeFileSync(
  at('many.jsonl'),
  manyRows(400, i => i % 9 !== 4),
)

const quiet = { code: 0, stdout: '', stderr: [] }

describe('tabtune score', () => {
  it('writes every row in its order, with its own fields as they were and the scores behind them', async () => {
    const args = ['score', at('rows.jsonl'), '--scorer', 'length', '--out', at('length.jsonl')]
    expect(await run(args)).toEqual({ code: 0, stdout: '', stderr: [] })
    const columns = (scores: string, tokens: string, row: number) =>
      `"length_scores":${scores},"tabtune_score":N,"tabtune_missing":null,"tabtune_truncated":false,"tabtune_tokens":${tokens},"tabtune_row":${row}}`
    const numbers = text('length.jsonl').replaceAll(/("tabtune_(?:score|tokens)":)\d+/g, '$1N')
    expect(linesOf(numbers.replaceAll(/("length_scores":\[)[\d,]+/g, '$1N'))).toEqual([
      `{"instruction":"Name a tree.","output":"An oak.","weight":1.0,"complexity_scores":[9],${columns('[N]', 'N', 0)}`,
      `{"instruction":"Say \\u00e9.","output":"\\u00e9","serial":12345678901234567890,${columns('[N]', 'N', 1)}`,
      `${rows[3]!.slice(0, -1)},${columns('[N]', 'N', 3)}`,
    ])
    for (const line of linesOf(text('length.jsonl')).map(line => JSON.parse(line))) {
      const { length_scores: lengths, tabtune_score: score, tabtune_tokens: tokens } = line
      expect(lengths).toHaveLength(line.messages ? 2 : 1)
      expect(score).toBe(lengths.reduce((a: number, b: number) => a + b))
      // A text is its questions and its answers.
      expect(tokens).toBeGreaterThan(score)
    }
  })

  it('says which rows could not be read, and names everything in a manifest', () => {
    expect(linesOf(text('length.jsonl.problems.jsonl')).map(line => JSON.parse(line))).toEqual([
      { index: 2, line: 3, reason: '"output" is missing, wanted text', excerpt: expect.any(String) },
    ])
    const manifest: Manifest = JSON.parse(text('length.jsonl.manifest.json'))
    expect(manifest).toMatchObject({
      options: { command: 'score', scorer: 'length', shard: '0/1' },
      adapter: null,
      model: { name: 'bundled' },
    })
    expect(manifest.inputs.map(({ name }) => name)).toEqual(['rows.jsonl'])
    expect(manifest.outputs.map(({ name }) => name)).toEqual(['length.jsonl', 'length.jsonl.problems.jsonl'])
  })

  it('reads standard input and writes standard output, with nothing on it but rows', async () => {
    const [read, written] = ['-', at('rows.jsonl')].map(input => ['score', input, '--scorer', 'length'])
    const piped = await run(read!, { stdin: readFileSync(at('rows.jsonl')) })
    const said = 'tabtune: standard input: 1 row could not be read; row 2 "output" is missing, wanted text'
    expect(piped).toEqual({ code: 0, stdout: text('length.jsonl'), stderr: [said] })
    const told = said.replace('standard input', at('rows.jsonl'))
    expect(await run(written!)).toEqual({ ...piped, stderr: [told] })
  })

  it('replaces the scores that a row had by those that it computes', async () => {
    const { stdout } = await run(['score', at('rows.jsonl')])
    const [first, , conversation] = linesOf(stdout).map(line => JSON.parse(line))
    expect(Object.keys(first).slice(0, 5)).toEqual([
      'instruction',
      'output',
      'weight',
      'complexity_scores',
      'quality_scores',
    ])
    expect(conversation.complexity_scores).toHaveLength(2)
    const [c, q] = [conversation.complexity_scores, conversation.quality_scores] as [number[], number[]]
    for (const score of [...c, ...q]) expect(score > 1 && score < 6).toBe(true)
    expect(conversation.tabtune_score).toBe(c[0]! * q[0]! + c[1]! * q[1]!)
    expect(first.complexity_scores[0]).not.toBe(9)
  })

  it.each(['ifd', 'perplexity'])('gives every answer its %s', async scorer => {
    const { stdout, code } = await run(['score', at('rows.jsonl'), '--scorer', scorer])
    expect(code).toBe(0)
    for (const line of linesOf(stdout).map(line => JSON.parse(line))) {
      const scores = line[`${scorer}_scores`] as number[]
      for (const score of scores) expect(score).toBeGreaterThan(0)
      expect(line.tabtune_score).toBeCloseTo(scores.reduce((a, b) => a + b) / scores.length, 12)
    }
  })

  it('gives the same scores in 1, 2 and 8 parts', async () => {
    const whole = await run(['score', at('many.jsonl'), '--scorer', 'length'])
    for (const count of [1, 2, 8]) {
      const lines: string[] = []
      for (let i = 0; i < count; i++) {
        const { stdout } = await run([
          'score',
          at('many.jsonl'),
          '--scorer',
          'length',
          '--shard',
          `${i}/${count}`,
        ])
        lines.push(...linesOf(stdout))
      }
      const row = (line: string) => JSON.parse(line).tabtune_row as number
      expect(lines.sort((a, b) => row(a) - row(b))).toEqual(linesOf(whole.stdout))
    }
  })

  it('ends without a word when its reader has gone', async () => {
    const ended = await run(['score', at('many.jsonl'), '--scorer', 'length'], {
      whileRunning: child => child.stdout.destroy(),
    })
    expect(ended).toEqual({ code: 0, stdout: '', stderr: [] })
  })
})

describe('tabtune embed', () => {
  it('gives every row a vector that reads back as the same f32', async () => {
    const { stdout, code } = await run(['embed', at('rows.jsonl')])
    expect(code).toBe(0)
    const vectors = linesOf(stdout).map(line => JSON.parse(line).embedding as number[])
    expect(vectors.map(({ length }) => length)).toEqual([384, 384, 384])
    for (const vector of vectors) {
      expect(vector.some(value => value !== 0)).toBe(true)
      for (const value of vector) expect(Number(Math.fround(value).toPrecision(9))).toBe(value)
    }
  })

  it('writes Parquet to a file of that name', async () => {
    const out = at('vectors.parquet')
    writeFileSync(
      at('plain.jsonl'),
      manyRows(12, i => i !== 5),
    )
    for (const _ of [1, 2]) expect(await run(['embed', at('plain.jsonl'), '--out', out])).toEqual(quiet)
    expect(readdirSync(folder).filter(name => name.startsWith('vectors'))).toEqual([
      'vectors.parquet',
      'vectors.parquet.manifest.json',
      'vectors.parquet.problems.jsonl',
    ])
    const { rows: read } = await readRows(new Blob([readFileSync(out)]))
    const { stdout } = await run(['embed', at('plain.jsonl')])
    const vectors = (texts: readonly unknown[]) =>
      texts.map(raw => (raw as { embedding: number[] }).embedding)
    expect(vectors(read.map(({ raw }) => raw))).toEqual(
      vectors(linesOf(stdout).map(line => JSON.parse(line))),
    )
  })

  it('has all rows in Parquet that a format was said for', async () => {
    const mixed = { conversations: [], instruction: 'Name a tree.', output: 'An oak.' }
    writeFileSync(at('mixed.jsonl'), `${JSON.stringify(mixed)}\n`.repeat(3) + manyRows(2))
    const out = at('mixed.parquet')
    const args = ['score', at('mixed.jsonl'), '--scorer', 'length', '--format', 'alpaca', '--out', out]
    expect(await run(args)).toEqual(quiet)
    const { rows: read } = await readRows(new Blob([readFileSync(out)]), { format: 'alpaca' })
    expect(read).toHaveLength(5)
  })

  it('writes an empty file for a part without rows', async () => {
    const args = ['score', at('rows.jsonl'), '--scorer', 'length', '--shard', '1/2']
    expect(await run([...args, '--out', at('none.parquet')])).toEqual(quiet)
    expect(text('none.parquet')).toBe('')
  })

  it('keeps its rows where Parquet cannot hold them', async () => {
    const out = at('digits.parquet')
    const { code, stderr } = await run(['embed', at('rows.jsonl'), '--out', out])
    expect(code).toBe(1)
    expect(stderr[0]).toMatch(/12345678901234567890.*digits\.parquet\.partial holds all rows as JSON lines$/)
    expect(text('digits.parquet.partial')).toBe((await run(['embed', at('rows.jsonl')])).stdout)
  })

  it("takes the model's last hidden state where that is asked for", async () => {
    const { stdout, stderr } = await run(['embed', at('rows.jsonl'), '--embedder', 'last-hidden-state'])
    expect(stderr).toHaveLength(1)
    const [first, second] = linesOf(stdout).map(line => JSON.parse(line).embedding as number[])
    expect(first!.length).toBe(second!.length)
    expect(first).not.toEqual(second)
  })
})
