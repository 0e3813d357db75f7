import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Comparison,
  columnScorer,
  columnsOf,
  compareSelections,
  contentId,
  joinParts,
  ownId,
  type PooledRow,
  product,
  rowText,
  sum,
} from '../index'
import { readingSpec, readingUsage, readReading } from './column-arguments'
import type { Command, Context } from './command'
import { comparisonTable } from './comparison-table'
import { Machine } from './machine'
import { type ModelArguments, modelSpec, modelUsage, readModelArguments } from './model-arguments'
import { flag, Given, text, UsageError } from './options'
import { firstRow, type OpenPart, openParts, readPart } from './pool-parts'
import { scorers } from './scorers'
import { selectedIn } from './selection-files'
import { toStandardOutput } from './standard-output'
import { TextStore } from './text-store'

const compareUsage = `Usage: tabtune compare SELECTED … --pool INPUT [options]

Says how alike selections of one file are (files, or folders that select wrote), and what they are made of,
beside as many random and as many of the longest rows: most ways to select do not beat these.

  --pool INPUT|-         the file that was selected from
  --json                 print JSON in place of a table
  --seed S               draws the random rows (default: 0)
  --source FIELD         field that says where a row comes from
${modelUsage}${readingUsage}  --help`

const spec = { ...readingSpec, pool: text, json: flag, seed: text, source: text, ...modelSpec, help: flag }

interface CompareArguments {
  readonly selections: readonly string[]
  readonly pool: string
  readonly json: boolean
  readonly seed: number
  readonly source: string | null
  readonly model: ModelArguments
  readonly reading: ReturnType<typeof readReading>
}

export const compare: Command = {
  summary: 'hold selections against each other, and against random and longest rows',
  usage: compareUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const pool = given.text('pool')
    if (pool === null) throw new UsageError('--pool INPUT is missing')
    if (given.operands.length === 0) throw new UsageError('SELECTED is missing')
    const args = {
      selections: given.operands,
      pool,
      json: given.flag('json'),
      seed: given.count('seed', 0, 0),
      source: given.text('source'),
      model: readModelArguments(given),
      reading: readReading(given),
    }
    return context => runCompare(args, context)
  },
}

async function runCompare(args: CompareArguments, context: Context): Promise<boolean> {
  using texts = await TextStore.open()
  using machine = new Machine(args.model, context)
  const rows = await poolRows(args, texts, machine, context)
  const find = rowFinder(rows)
  const selections = new Map<string, { kept: number[] }>()
  for (const path of args.selections) {
    const [part] = await openParts([await selectedFile(path)], {}, context.signal)
    const kept: number[] = []
    const taken = new Set<number>()
    for await (const event of part!.rows) {
      if (event.kind === 'problem') continue
      const index = find(ownId(event.row), rowText(event.row), taken)
      if (index === undefined) {
        throw new UsageError(`${path}: row ${event.row.index} is not in ${args.pool}, or not as often`)
      }
      taken.add(index)
      kept.push(index)
    }
    selections.set(path, { kept })
  }
  const comparison: Comparison = await compareSelections({ items: rows }, selections, { seed: args.seed })
  context.progress.done()
  await toStandardOutput(args.json ? `${JSON.stringify(comparison, null, 2)}\n` : comparisonTable(comparison))
  return true
}

/** The kept rows in a folder that `select` wrote, or the file itself. */
async function selectedFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
  if (!isFolder) return path
  const [name, second] = await selectedIn(path)
  if (name === undefined) throw new UsageError(`${path}: the folder holds no selected rows`)
  if (second !== undefined)
    throw new UsageError(`${path}: the folder holds ${name} and ${second}; name one of them`)
  return join(path, name)
}

async function poolRows(
  { pool, source, reading }: CompareArguments,
  texts: TextStore,
  machine: Machine,
  context: Context,
): Promise<readonly PooledRow[]> {
  const [part] = (await openParts([pool], reading, context.signal)) as [OpenPart]
  const columns = columnsOf((await firstRow([part])).raw, scorers.deita!.keys)
  const tokenizer = await machine.tokenizer()
  const pooling = {
    texts,
    countTokens: (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length,
    ...(source === null ? {} : { sourceField: source }),
  }
  const scorer = columns && columnScorer(columns)
  return joinParts([await readPart(part, scorer, { combine: product, reduce: sum }, pooling, context)], texts)
    .rows
}

/**
 * Finds the row of the pool that a selection holds: the same object, or else the same text, as in another format. Of
 * several the first that is not taken.
 */
function rowFinder(rows: readonly PooledRow[]) {
  const places = new Map<string, number[]>()
  const put = (key: string, index: number) => {
    const list = places.get(key)
    if (list) list.push(index)
    else places.set(key, [index])
  }
  for (const { id, index, content } of rows) {
    put(`id ${id.split('-')[0]}`, index)
    put(`content ${content}`, index)
  }
  return (id: string, text: string, taken: ReadonlySet<number>): number | undefined =>
    [`id ${id}`, `content ${contentId(text)}`]
      .flatMap(key => places.get(key) ?? [])
      .find(index => !taken.has(index))
}
