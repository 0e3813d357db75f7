import { embeddingColumns } from '../index'
import { columnSpec, columnUsage, readColumnArguments } from './column-arguments'
import { type ColumnJob, writeColumns } from './column-job'
import type { Command } from './command'
import { embedders } from './embedders'
import { Given, text } from './options'
import { summaries } from './usage'

const embedUsage = `Usage: tabtune embed INPUT|- [options]

Gives every row a vector: the rows of INPUT as JSON lines, in their order, with the column embedding.

  --embedder NAME        (default: hashed-ngrams)
${summaries(embedders)}${columnUsage}`

const spec = { ...columnSpec, embedder: text } as const

export const embed: Command = {
  summary: 'give every row a vector',
  usage: embedUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const name = given.name('embedder', 'hashed-ngrams', embedders)
    const embedder = embedders[name]!
    const job: ColumnJob = {
      command: 'embed',
      ...readColumnArguments(given),
      needs: { gpu: true, model: embedder.model },
      options: { embedder: name },
      open: async machine => ({
        columns: embeddingColumns(await embedder.open(machine)),
        [Symbol.dispose]() {},
      }),
    }
    return context => writeColumns(job, context)
  },
}
