import { scoreColumns } from '../index'
import { columnSpec, columnUsage, readColumnArguments } from './column-arguments'
import { type ColumnJob, type OpenColumns, writeColumns } from './column-job'
import type { Command, Context } from './command'
import type { Machine } from './machine'
import { Given, text } from './options'
import { openScorer, scorers } from './scorers'
import { summaries } from './usage'

const scoreUsage = `Usage: tabtune score INPUT|- [options]

Gives every row its scores: the rows of INPUT as JSON lines, in their order, with columns behind their fields.

  --scorer NAME          (default: deita)
${summaries(scorers)}${columnUsage}`

const spec = { ...columnSpec, scorer: text } as const

export const score: Command = {
  summary: 'give every row its scores',
  usage: scoreUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const name = given.name('scorer', 'deita', scorers)
    const job: ColumnJob = {
      command: 'score',
      ...readColumnArguments(given),
      needs: { gpu: scorers[name]!.gpu, model: true },
      options: { scorer: name },
      open: (machine, context) => open(name, machine, context),
    }
    return context => writeColumns(job, context)
  },
}

async function open(name: string, machine: Machine, { progress }: Context): Promise<OpenColumns> {
  const loaded = await openScorer(name, machine, progress)
  return {
    columns: scoreColumns(loaded.scorer, await machine.tokenizer(), { reduce: scorers[name]!.reduce }),
    [Symbol.dispose]: () => loaded[Symbol.dispose](),
  }
}
