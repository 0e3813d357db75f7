import { type Embedder, embeddingColumns, hashedNgrams, lastHiddenState, loadModel } from '../index'
import { columnSpec, columnUsage, readColumnArguments } from './column-arguments'
import { type ColumnJob, type Machine, type OpenColumns, writeColumns } from './column-job'
import type { Command, Context } from './command'
import { Given, text } from './options'

/** An embedder that people can name. */
interface NamedEmbedder {
  readonly summary: string
  readonly needsModel: boolean
  open(machine: Machine, context: Context): Promise<Disposable & { readonly embedder: Embedder }>
}

export const embedders: Readonly<Record<string, NamedEmbedder>> = {
  'hashed-ngrams': {
    summary: 'shared wording, without a model',
    needsModel: false,
    open: async ({ gpu }) => ({ embedder: hashedNgrams(gpu!), [Symbol.dispose]() {} }),
  },
  'last-hidden-state': {
    summary: "the model's last hidden state, as Deita's",
    needsModel: true,
    async open({ gpu, model: folder }, { progress, signal }) {
      const onProgress = (fraction: number) => progress.update('model', fraction)
      const model = await loadModel(gpu!, folder!.files, { signal, onProgress })
      return { embedder: lastHiddenState(model), [Symbol.dispose]: () => model[Symbol.dispose]() }
    },
  },
}

const names = Object.entries(embedders).map(
  ([name, { summary }]) => `                         ${name}: ${summary}\n`,
)

export const embedUsage = `Usage: tabtune embed INPUT|- [options]

Gives every row a vector: the rows of INPUT as JSON lines, in their order, with the column embedding.

  --embedder NAME        (default: hashed-ngrams)
${names.join('')}${columnUsage}`

const spec = { ...columnSpec, embedder: text } as const

export const embed: Command = {
  summary: 'give every row a vector',
  usage: embedUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const ids = Object.fromEntries(Object.keys(embedders).map(name => [name, name]))
    const name = given.choice('embedder', 'hashed-ngrams', ids)
    const job: ColumnJob = {
      command: 'embed',
      ...readColumnArguments(given),
      needs: { gpu: true, model: embedders[name]!.needsModel },
      options: { embedder: name },
      open: (machine, context) => open(embedders[name]!, machine, context),
    }
    return context => writeColumns(job, context)
  },
}

async function open(named: NamedEmbedder, machine: Machine, context: Context): Promise<OpenColumns> {
  const opened = await named.open(machine, context)
  return {
    columns: embeddingColumns(opened.embedder),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  }
}
