import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Manifest, SelectionRecord } from '../../src/index'
import { inTurns, root, run, temporaryFolder } from './command'
import { manyRows } from './many-rows'

const folder = temporaryFolder({ keep: true })
const at = (name: string) => join(folder, name)
const text = (name: string) => readFileSync(at(name), 'utf8')
const linesOf = (json: string) => json.split('\n').slice(0, -1)
const parsed = (json: string) => linesOf(json).map(line => JSON.parse(line))

const quiet = { code: 0, stderr: [] }
writeFileSync(
  at('rows.jsonl'),
  manyRows(500, i => i % 64 < 40),
)
writeFileSync(
  at('few.jsonl'),
  manyRows(450, i => i % 64 === 5),
)

describe('tabtune select, from parts', () => {
  it('gives the same set and the same bytes from 1, 2 and 8 of them, in any order', async () => {
    const results: (readonly string[])[] = []
    for (const count of [1, 2, 8]) {
      const parts = Array.from({ length: count }, (_, i) => `part-${i}-of-${count}.jsonl`)
      await inTurns(parts, async part => {
        const shard = part.replace(/part-(\d)-of-(\d).jsonl/, '$1/$2')
        const args = ['score', at('few.jsonl'), '--shard', shard, '--out', at(part)]
        expect(await run(args)).toMatchObject(quiet)
      })
      const args = ['--budget', '70%', '--threshold', '0.8', '--out', at(`from-${count}`)]
      expect(await run(['select', ...parts.reverse().map(at), ...args])).toMatchObject(quiet)
      const names = readdirSync(at(`from-${count}`)).sort()
      expect(names).toEqual(['dropped.jsonl', 'manifest.json', 'selected.jsonl', 'selection.jsonl'])
      const files = names.filter(name => name !== 'manifest.json')
      results.push(files.map(name => text(`from-${count}/${name}`)))
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
    // 450 rows, of which 7 can be read; 70 % of them are 5, if so many are unlike.
    const records: SelectionRecord[] = parsed(results[0]![2]!)
    expect(records.map(({ row }) => row)).toEqual(Array.from({ length: 450 }, (_, i) => i))
    expect(records.filter(({ decision }) => decision === 'unreadable')).toHaveLength(443)
    expect(records.filter(({ rank }) => rank !== null).length).toBeGreaterThan(3)
  }, 120_000)

  it('decides as over the file itself, scored on the way', async () => {
    const args = ['--budget', '70%', '--threshold', '0.8', '--out', at('direct')]
    expect(await run(['select', at('few.jsonl'), ...args])).toMatchObject(quiet)
    expect(text('direct/selection.jsonl')).toBe(text('from-1/selection.jsonl'))
    const rows = linesOf(text('few.jsonl'))
    const kept = (parsed(text('direct/selection.jsonl')) as SelectionRecord[])
      .filter(({ rank }) => rank !== null)
      .sort((a, b) => a.rank! - b.rank!)
    expect(linesOf(text('direct/selected.jsonl'))).toEqual(kept.map(({ row }) => rows[row]))
  }, 60_000)

  it('tells of every dropped row why, and of the run what it was made of', () => {
    const records: SelectionRecord[] = parsed(text('direct/selection.jsonl'))
    const dropped = records.filter(({ rank, decision }) => rank === null && decision !== 'unreadable')
    const rows = linesOf(text('few.jsonl'))
    expect(parsed(text('direct/dropped.jsonl'))).toEqual(
      dropped.map(({ row, decision, reason }) => ({
        ...JSON.parse(rows[row]!),
        tabtune_decision: decision,
        tabtune_reason: reason,
      })),
    )
    const manifest: Manifest = JSON.parse(text('direct/manifest.json'))
    expect(manifest.options).toMatchObject({
      command: 'select',
      strategy: 'deita',
      budget: '70%',
      threshold: '0.8',
      metric: 'cosine',
    })
    expect(manifest.inputs.map(({ name }) => name)).toEqual(['few.jsonl'])
    expect(manifest.outputs.map(({ name }) => name)).toEqual([
      'selected.jsonl',
      'selection.jsonl',
      'dropped.jsonl',
    ])
    expect(JSON.stringify(manifest)).not.toMatch(/20\d\d-\d\d-\d\d/)
  })
})

describe('tabtune select, from columns', () => {
  const row = (name: string, complexity: unknown, quality: unknown, embedding: unknown) =>
    JSON.stringify({
      ...{ instruction: `Say ${name}.`, output: name },
      ...{ complexity_scores: complexity, quality_scores: quality, embedding },
    })
  const rows = [
    row('a', [2], [3], [1, 0]),
    row('b', [5], [5], [0, 1]),
    row('c', [5], [4], [0.05, 1]),
    row('d', [1], [1], [-1, 0]),
    row('e', [null], [6], [1, 1]),
    row('f', [6], [6], [0, 0]),
  ]
  writeFileSync(at('columns.jsonl'), `${rows.join('\n')}\n`)
  const decisions = async (...args: string[]) => {
    const out = `columns-${args.join('').replaceAll(/\W/g, '')}`
    expect(await run(['select', at('columns.jsonl'), '--out', at(out), ...args])).toMatchObject(quiet)
    return parsed(text(`${out}/selection.jsonl`)) as SelectionRecord[]
  }

  it('takes rows in any order, such as those that it kept itself, and decides the same', async () => {
    const numbered = rows.map((line, i) => `${line.slice(0, -1)},"tabtune_row":${i}}\n`)
    const command = ['--strategy', 'top-score', '--budget', '4']
    const results: string[][] = []
    for (const order of [
      [0, 1, 2, 3, 4, 5],
      [3, 5, 0, 4, 1, 2],
    ]) {
      const name = `order-${order.join('')}`
      writeFileSync(at(`${name}.jsonl`), order.map(i => numbered[i]).join(''))
      expect(await run(['select', at(`${name}.jsonl`), ...command, '--out', at(name)])).toMatchObject(quiet)
      results.push(['selected', 'selection', 'dropped'].map(file => text(`${name}/${file}.jsonl`)))
    }
    expect(results[1]).toEqual(results[0])
    expect(linesOf(results[0]![2]!)).toHaveLength(2)
    const again = await run(['select', at('order-012345/selected.jsonl'), ...command])
    expect(again).toMatchObject({ ...quiet, stdout: results[0]![0] })
  })

  it('says which file beside the rows is damaged', async () => {
    const [part, beside] = ['damaged.jsonl', 'damaged.jsonl.problems.jsonl']
    writeFileSync(at(part), rows.map((line, i) => `${line.slice(0, -1)},"tabtune_row":${i}}\n`).join(''))
    for (const damaged of ['{"index":7,', '{"index":"7","reason":"it is cut"}']) {
      writeFileSync(at(beside), `{"index":6,"reason":"it is cut","excerpt":""}\n${damaged}\n`)
      const { code, stderr } = await run(['select', at(part), '--strategy', 'top-score'])
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: [expect.stringContaining(`${at(beside)}: line 2 does not say`)],
      })
    }
  })

  it("reads Deita's scores and vectors, and computes neither", async () => {
    const records = await decisions('--budget', '10')
    expect(records.map(({ rank, decision }) => rank ?? decision)).toEqual([
      2,
      1,
      'similar',
      3,
      'invalid',
      'invalid',
    ])
    expect(records.map(({ score }) => score)).toEqual([6, 25, 20, 1, null, 36])
    expect(records[2]).toMatchObject({ similarTo: 1, similarity: expect.closeTo(0.99875, 4) })
    expect(records[4]!.reason).toContain('complexity_scores')
    const manifest: Manifest = JSON.parse(text('columns-budget10/manifest.json'))
    expect(manifest.model).toBe(null)
  })

  it('decides as Deita where that is asked for: what cannot be compared is kept', async () => {
    const records = await decisions('--budget', '10', '--compat')
    expect(records.map(({ rank, decision }) => rank ?? decision)).toEqual([3, 2, 'similar', 4, 5, 1])
  })

  it('takes other scores, and joins them in other ways', async () => {
    const ranks = async (...args: string[]) =>
      (await decisions('--strategy', 'top-score', '--budget', 'all', ...args)).map(({ rank }) => rank)
    expect(await ranks('--keys', 'complexity')).toEqual([4, 2, 3, 5, null, 1])
    expect(await ranks('--combine', 'complexity=1,quality=-2')).toEqual([3, 4, 2, 1, null, 5])
    expect(await ranks('--combine', 'rank')).toEqual([4, 2, 3, 5, null, 1])
  })

  it('compares by other metrics, each with its own thresholds', async () => {
    const similar = async (metric: string, threshold: string) =>
      (await decisions('--budget', '10', '--metric', metric, `--threshold=${threshold}`)).flatMap(
        ({ decision, row }) => (decision === 'similar' ? [row] : []),
      )
    expect(await similar('negative-l2', '-0.04')).toEqual([])
    expect(await similar('negative-l2', '-0.06')).toEqual([2])
  })
})

describe('tabtune select, by every strategy', () => {
  const scored = 'scored.jsonl'
  const strategies: readonly (readonly [name: string, ...args: string[]])[] = [
    ['deita', '--keys', 'length'],
    ['top-score', '--keys', 'length'],
    ['random', '--seed', '7'],
    ['stratified', '--source', 'topic'],
    ['length', '--order', 'shortest', '--min-tokens', '12'],
    ['exact-duplicates'],
    ['near-duplicates', '--threshold', '0.7'],
    ['superfiltering', '--keys', 'length', '--limit', '12'],
    ['perplexity-band', '--keys', 'length', '--low', '40', '--high', '60'],
    ['dsir', '--target', at('target.jsonl')],
    ['rds', '--target', at('target.jsonl')],
    ['facility-location'],
    ['k-center'],
    ['mmr', '--keys', 'length', '--lambda', '0.3'],
  ]

  it('scores first', async () => {
    writeFileSync(at('target.jsonl'), manyRows(3))
    const args = ['score', at('rows.jsonl'), '--scorer', 'length', '--out', at(scored)]
    expect(await run(args)).toMatchObject(quiet)
  })

  it('keeps what the budget allows, and gives every row a reason', async () => {
    await inTurns(strategies, async ([name, ...args]) => {
      const command = ['select', at(scored), '--strategy', name, '--budget', '9', ...args]
      expect(await run([...command, '--out', at(name)]), name).toEqual({ ...quiet, stdout: '' })
      expect(linesOf(text(`${name}/selected.jsonl`)).length, name).toBe(9)
      const records: SelectionRecord[] = parsed(text(`${name}/selection.jsonl`))
      expect(records, name).toHaveLength(500)
      for (const { reason } of records) expect(reason.length, name).toBeGreaterThan(10)
    })
  }, 120_000)

  it('names the rows that are wanted in the manifest', () => {
    const { inputs }: Manifest = JSON.parse(text('rds/manifest.json'))
    expect(inputs.map(({ name }) => name)).toEqual([scored, 'target.jsonl'])
  })

  it('writes the kept rows alone to standard output', async () => {
    const piped = await run(['select', '-', '--strategy', 'random', '--budget', '9', '--seed', '7'], {
      stdin: text(scored),
    })
    expect(piped).toEqual({ ...quiet, stdout: text('random/selected.jsonl') })
  })

  it('takes a budget in tokens', async () => {
    const { stdout } = await run([
      'select',
      at('rows.jsonl'),
      '--strategy',
      'random',
      '--budget',
      '200tokens',
    ])
    const tokens = await run(['score', '-', '--scorer', 'length'], { stdin: stdout })
    const total = parsed(tokens.stdout).reduce((sum, { tabtune_tokens }) => sum + tabtune_tokens, 0)
    expect(total > 150 && total <= 200).toBe(true)
  })

  it('counts tokens as score does, without those that a tokenizer adds', async () => {
    const model = at('model')
    cpSync(join(root, 'demo/public/model'), model, { recursive: true })
    const tokenizer = JSON.parse(readFileSync(join(model, 'tokenizer.json'), 'utf8'))
    const { id, content } = tokenizer.added_tokens[0]
    const special = { SpecialToken: { id: content, type_id: 0 } }
    const sequence = (name: string) => ({ Sequence: { id: name, type_id: 0 } })
    tokenizer.post_processor = {
      type: 'TemplateProcessing',
      single: [special, sequence('A')],
      pair: [special, sequence('A'), sequence('B')],
      special_tokens: { [content]: { id: content, ids: [id], tokens: [content] } },
    }
    writeFileSync(join(model, 'tokenizer.json'), JSON.stringify(tokenizer))
    const lengths = async (name: string) => {
      const args = [
        '--strategy',
        'length',
        '--budget',
        'all',
        '--model',
        model,
        '--out',
        at(`${name}-lengths`),
      ]
      expect(await run(['select', at(`${name}.jsonl`), ...args])).toMatchObject(quiet)
      return (parsed(text(`${name}-lengths/selection.jsonl`)) as SelectionRecord[]).map(({ value }) => value)
    }
    const scoring = ['score', at('few.jsonl'), '--scorer', 'length', '--model', model]
    expect(await run([...scoring, '--out', at('few-scored.jsonl')])).toMatchObject(quiet)
    expect(await lengths('few')).toEqual(await lengths('few-scored'))
  })
})

describe('tabtune select, in another container', () => {
  it('writes and reads CSV, Parquet and gzip', async () => {
    const of = (input: string, ...args: string[]) => [
      ...['select', input, '--strategy', 'random', '--budget', '5'],
      ...args,
    ]
    const plain = await run(of(at('rows.jsonl')))
    for (const [name, ...args] of [
      ['csv', '--out-container', 'csv'],
      ['parquet', '--out-container', 'parquet'],
      ['jsonl.gz', '--gzip'],
    ] as const) {
      expect(await run([...of(at('rows.jsonl'), ...args), '--out', at(`as-${name}`)])).toMatchObject(quiet)
      const again = of(at(`as-${name}/selected.${name}`), '--strategy', 'exact-duplicates')
      const back = await run([...again, '--out-container', 'jsonl', '--out', at(`from-${name}`)])
      expect(back, name).toMatchObject(quiet)
      expect(text(`from-${name}/selected.jsonl${name === 'jsonl.gz' ? '.gz' : ''}`).length).toBeGreaterThan(
        50,
      )
      if (name !== 'jsonl.gz') expect(text(`from-${name}/selected.jsonl`), name).toBe(plain.stdout)
    }
  })
})

describe('tabtune compare', () => {
  it('holds selections against each other, and against random and the longest', async () => {
    for (const strategy of ['random', 'length'])
      await run([
        'select',
        at('rows.jsonl'),
        '--strategy',
        strategy,
        '--budget',
        '20',
        '--out',
        at(`of-${strategy}`),
      ])
    const sets = [at('of-random'), at('of-length/selected.jsonl')]
    const args = ['compare', ...sets, '--pool', at('rows.jsonl')]
    const json = await run([...args, '--json'])
    expect(json).toMatchObject(quiet)
    const { selections, pool, unit } = JSON.parse(json.stdout)
    expect([pool.rows, unit]).toEqual([320, 'tokens'])
    expect(selections.map(({ name }: { name: string }) => name)).toEqual(sets)
    expect(selections[0].random.overlap).toBe(1)
    expect(selections[1].longest.overlap).toBe(1)
    const table = await run(args)
    expect(table).toMatchObject(quiet)
    const lines = linesOf(table.stdout)
    expect(lines[0]).toMatch(/rows +tokens +mean +median +score +as random +as longest +as A +as B/)
    expect(lines[1]).toMatch(/^A {2}.*of-random.* 20 .* 100\.0 %/)
    expect(lines.at(-1)).toContain('arXiv')
  })

  it('does not mistake an earlier selection for that of a folder', async () => {
    const command = ['select', at('rows.jsonl'), '--strategy', 'random', '--out', at('twice'), '--budget']
    expect(await run([...command, '9', '--out-container', 'csv'])).toMatchObject(quiet)
    expect(await run([...command, '3'])).toMatchObject(quiet)
    expect(readdirSync(at('twice')).filter(name => name.startsWith('selected'))).toEqual(['selected.jsonl'])
    writeFileSync(at('twice/selected.csv'), 'by hand')
    const { code, stderr } = await run(['compare', at('twice'), '--pool', at('rows.jsonl')])
    expect(code).toBe(2)
    expect(stderr[0]).toContain('the folder holds selected.csv and selected.jsonl; name one of them')
  })

  it('refuses a selection of another file', async () => {
    const args = ['compare', at('few.jsonl'), '--pool', at('columns.jsonl')]
    const { code, stderr } = await run(args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: [expect.stringContaining('row 5 is not in')] })
  })
})
