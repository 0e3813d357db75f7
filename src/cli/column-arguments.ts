import type { ContainerName, RowFormat, Shard } from '../index'
import { modelSpec, modelUsage, readModelArguments } from './model-arguments'
import { flag, type Given, type OptionSpec, text } from './options'

/** Options of all commands that read rows. */
export const readingSpec = { container: text, format: text } as const

export const readingUsage = `  --container NAME       how INPUT holds its rows, such as json or jsonl (default: by its content)
  --format NAME          how a row is written: alpaca, sharegpt or messages (default: each by its shape)
`

export const containers: Readonly<Record<ContainerName, ContainerName>> = {
  json: 'json',
  jsonl: 'jsonl',
  csv: 'csv',
  tsv: 'tsv',
  parquet: 'parquet',
}

export const formats: Readonly<Record<RowFormat, RowFormat>> = {
  alpaca: 'alpaca',
  sharegpt: 'sharegpt',
  messages: 'messages',
}

/** @throws {UsageError} */
export function readReading<Spec extends OptionSpec & typeof readingSpec>(given: Given<Spec>) {
  const container = given.choice('container', null, containers)
  const format = given.choice('format', null, formats)
  return { ...(container === null ? {} : { container }), ...(format === null ? {} : { format }) }
}

/** Options of all commands that add columns to rows. */
export const columnSpec = { ...readingSpec, ...modelSpec, out: text, shard: text, help: flag } as const

export const columnUsage = `  --out FILE|-           where the rows go: JSON lines, or Parquet if FILE ends in .parquet
                         (default: -, standard output)
${modelUsage}  --shard I/N            only part I of N, from 0: parts of one file can be made on several machines
${readingUsage}  --help

With --out FILE a run that was ended, however it ended, continues when it is started again, and gives the same
bytes. Standard output begins anew.`

/** @throws {UsageError} */
export function readColumnArguments<Spec extends OptionSpec & typeof columnSpec>(given: Given<Spec>) {
  return {
    input: given.operand('INPUT'),
    out: given.text('out') ?? '-',
    model: readModelArguments(given),
    reading: readReading(given),
    shard: given.parse('shard', { index: 0, count: 1 }, 'I/N with I from 0 to N - 1, such as 0/8', shardOf),
  }
}

function shardOf(given: string): Shard | undefined {
  const [, index, count] = (/^(\d{1,9})\/(\d{1,9})$/.exec(given) ?? []).map(Number)
  return index !== undefined && count !== undefined && index < count ? { index, count } : undefined
}
