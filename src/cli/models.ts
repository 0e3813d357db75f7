import {
  bytesText,
  type CachedModel,
  clearModels,
  fetchModel,
  folderStore,
  listModels,
  type ModelInfo,
  type ModelStore,
  modelInfo,
  removeModel,
  splitRevision,
} from '../index'
import type { Command, Context } from './command'
import { flag, Given, text, UsageError } from './options'
import { refusal } from './refusal'
import { toStandardOutput } from './standard-output'

const modelsUsage = `Usage: tabtune models list
       tabtune models fetch ID
       tabtune models rm ID|--all

Models of the Hugging Face Hub (owner/model, or owner/model@revision) that are kept on this machine.

  list                   what is there, how large, whether it is complete, and when it was last used
  fetch ID               download what is missing of a model, and say its size and license; goes on where it ended
  rm ID                  remove a model, or only the commit that --revision stands for
  --revision R           branch, tag or commit (default: main)
  --token TOKEN          for private and gated models (default: $HF_TOKEN); it goes to the Hub's own host only
  --endpoint URL         a mirror of the Hub (default: https://huggingface.co); it never gets $HF_TOKEN
  --cache DIR            where models are kept (default: $TABTUNE_CACHE, or ~/.cache/tabtune/models)
  --all                  rm: all of them
  --json                 list: print JSON in place of a table
  --help`

const spec = { revision: text, token: text, endpoint: text, cache: text, all: flag, json: flag, help: flag }

/** The options that each of them takes, beside --cache. */
const options: Readonly<Record<string, readonly (keyof typeof spec)[]>> = {
  list: ['json'],
  fetch: ['revision', 'token', 'endpoint'],
  rm: ['revision', 'endpoint', 'all'],
}

export const models: Command = {
  summary: 'list, fetch and remove models of the Hugging Face Hub',
  usage: modelsUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const [action = '', name, ...more] = given.operands
    const known = Object.hasOwn(options, action) ? options[action] : undefined
    if (!known) throw new UsageError(`'${action}' is none of ${Object.keys(options).join(', ')}`)
    for (const option of Object.keys(spec) as (keyof typeof spec)[])
      if (given.has(option) && !known.includes(option) && option !== 'cache')
        throw new UsageError(`--${option} is of no use: models ${action} does not take it`)
    const store = () => folderStore(given.text('cache') ?? undefined)
    const extra = action === 'list' || given.flag('all') ? name : more[0]
    if (extra !== undefined) throw new UsageError(`'${extra}' is one too many for models ${action}`)
    if (action === 'list') return () => list(store(), given.flag('json'))
    if (given.flag('all')) return () => clear(store())
    if (name === undefined) throw new UsageError(`the ID of a model is missing, such as owner/model`)
    const model = readModel(name, given)
    return action === 'fetch'
      ? context => fetchOne(store(), model, given.text('token'), context)
      : () => removeOne(store(), model)
  },
}

interface NamedModel {
  readonly id: string
  readonly revision?: string
  readonly endpoint?: string
}

function readModel(name: string, given: Given<typeof spec>): NamedModel {
  const { id, revision: named } = splitRevision(name)
  const asked = given.text('revision') ?? named
  if (named !== undefined && asked !== named)
    throw new UsageError(`--revision is '${asked}', and ${name} says '${named}': give one of them`)
  const endpoint = given.text('endpoint')
  return { id, ...(asked !== undefined && { revision: asked }), ...(endpoint !== null && { endpoint }) }
}

async function list(store: ModelStore, json: boolean): Promise<boolean> {
  const found = await listModels(store)
  await toStandardOutput(json ? `${JSON.stringify(found, null, 2)}\n` : table(found))
  return true
}

function table(found: readonly CachedModel[]): string {
  const rows = found.map(model => [
    model.id,
    model.revisions.join(', ') || '-',
    model.commit.slice(0, 8),
    bytesText(model.bytes),
    model.complete ? 'complete' : `of ${bytesText(model.size)}`,
    model.lastUsed?.toISOString().slice(0, 16).replace('T', ' ') ?? '-',
  ])
  const all = [['model', 'revision', 'commit', 'on disk', '', 'last used (UTC)'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map(row => row[column]!.length)))
  return all
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

async function fetchOne(
  store: ModelStore,
  { id, ...where }: NamedModel,
  token: string | null,
  { progress, signal }: Context,
): Promise<boolean> {
  // A token of the environment was given for the Hub, whatever mirror is named here.
  const secret = token ?? (where.endpoint === undefined ? process.env.HF_TOKEN || undefined : undefined)
  const options = { ...where, signal, ...(secret !== undefined && { token: secret }) }
  try {
    const info = await modelInfo(id, options)
    if (!info.files.some(({ path, wanted }) => wanted && path.endsWith('.safetensors')))
      throw new UsageError(
        `${id} has no weights in safetensors; others (pickles, ONNX, GGUF) are not fetched`,
      )
    await toStandardOutput(description(info))
    const show = await progressOf(store, info, progress)
    await fetchModel(id, { ...options, store, onProgress: ({ path, loaded }) => show(path, loaded) })
  } catch (error) {
    if (signal.aborted) return false
    refusal(error)
  }
  progress.done()
  return true
}

function description({ id, commit, bytes, files, license, gated }: ModelInfo): string {
  const count = files.filter(({ wanted }) => wanted).length
  const terms = license ?? 'not named: see its card on the Hub'
  return `${id} at ${commit.slice(0, 8)}: ${bytesText(bytes)} in ${count} files\nlicense: ${terms}${gated ? ' (gated)' : ''}\n`
}

/** Shows how much of what is missing has come, how fast, and how long it may still take. */
async function progressOf(
  store: ModelStore,
  { commit, bytes, files }: ModelInfo,
  progress: Context['progress'],
) {
  const present = (await listModels(store)).find(model => model.commit === commit)?.bytes ?? 0
  const missing = Math.max(1, bytes - present)
  const wanted = new Set(files.filter(file => file.wanted).map(({ path }) => path))
  const loaded = new Map<string, number>()
  const began = performance.now()
  return (path: string, count: number) => {
    if (!wanted.has(path)) return
    loaded.set(path, count)
    const all = [...loaded.values()].reduce((a, b) => a + b, 0)
    const came = Math.max(0, all - present)
    const speed = came / Math.max(1e-3, (performance.now() - began) / 1000)
    progress.update(
      'download',
      came / missing,
      `${bytesText(all)} of ${bytesText(bytes)}, ${bytesText(speed)}/s`,
    )
  }
}

async function removeOne(store: ModelStore, { id, ...where }: NamedModel): Promise<boolean> {
  if (await removeModel(store, id, where).catch(refusal)) return true
  const which = where.revision === undefined ? id : `${id}@${where.revision}`
  throw new UsageError(`${which} is not kept in ${store.name}; 'tabtune models list' says what is`)
}

async function clear(store: ModelStore): Promise<boolean> {
  await clearModels(store)
  return true
}
