import { loadModel, scoreColumns } from '../index'
import { columnSpec, columnUsage, readColumnArguments } from './column-arguments'
import { type ColumnJob, type OpenColumns, writeColumns } from './column-job'
import type { Command, Context } from './command'
import { Given, text } from './options'
import { scorers } from './scorers'

const names = Object.entries(scorers).map(
  ([name, { summary }]) => `                         ${name}: ${summary}\n`,
)

export const scoreUsage = `Usage: tabtune score INPUT|- [options]

Gives every row its scores: the rows of INPUT as JSON lines, in their order, with columns behind their fields.

  --scorer NAME          (default: deita)
${names.join('')}${columnUsage}`

const spec = { ...columnSpec, scorer: text } as const

export const score: Command = {
  summary: 'give every row its scores',
  usage: scoreUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const name = given.choice('scorer', 'deita', Object.fromEntries(Object.keys(scorers).map(n => [n, n])))
    const job: ColumnJob = {
      command: 'score',
      ...readColumnArguments(given),
      needs: { gpu: true, model: true },
      options: { scorer: name },
      open: (machine, context) => open(name, machine, context),
    }
    return context => writeColumns(job, context)
  },
}

async function open(
  name: string,
  { gpu, model: folder }: Parameters<ColumnJob['open']>[0],
  { progress, signal }: Context,
): Promise<OpenColumns> {
  const { files } = folder!
  const model = await loadModel(gpu!, files, { signal, onProgress: f => progress.update('model', f) })
  const loaded = await scorers[name]!.open(model, files)
  if (!loaded.trained) progress.note('the model has no scorer adapters: it scores as it is')
  return {
    columns: scoreColumns(loaded.scorer, model.tokenizer),
    [Symbol.dispose]() {
      loaded[Symbol.dispose]()
      model[Symbol.dispose]()
    },
  }
}
