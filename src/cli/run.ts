import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  budgetFor,
  createAdapter,
  encodeForJob,
  type FileDigest,
  fileDigest,
  fileExtension,
  type Gpu,
  type JobOptions,
  jobManifest,
  jsonLines,
  loadScorer,
  type Model,
  type ModelFiles,
  readPairs,
  readRows,
  score,
  selectionRecords,
  selectRows,
  trainPairs,
  writePeftAdapter,
  writeRows,
} from '../index'
import type { Command } from './command'
import { writeWhole } from './files'
import { Machine } from './machine'
import { UsageError } from './options'
import type { Progress } from './progress'
import { type RunArguments, readRunArguments, runUsage } from './run-arguments'

export const run: Command = {
  summary: 'select rows, train on pairs, all in one',
  usage: runUsage,
  read(argv) {
    const args = readRunArguments(argv)
    return ({ progress, signal }) => runJob(args, progress, signal)
  },
}

interface Job {
  readonly gpu: Gpu
  readonly model: Model
  readonly files: ModelFiles
  readonly options: JobOptions
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly inputs: FileDigest[]
  /** Writes a result at once, so that what is done is not lost when a later stage fails. */
  readonly write: (name: string, content: string | Uint8Array) => Promise<void>
}

/**
 * Runs the whole job: selects rows, trains on pairs, writes the results to `out`.
 *
 * @returns whether it ran to its end; false if `signal` stopped the training, whose adapter is then written as it was
 * @throws the library's errors, and `UsageError` for files and folders that are not there
 */
async function runJob(args: RunArguments, progress: Progress, signal: AbortSignal): Promise<boolean> {
  const { options } = args
  // Inputs are read before the GPU is opened: most mistakes are there.
  const inputs: FileDigest[] = []
  const rows = args.rows === null ? null : await readRows(await input(args.rows, inputs), { name: args.rows })
  const pairs =
    args.pairs === null ? null : await readPairs(await input(args.pairs, inputs), { name: args.pairs })
  if (rows && rows.rows.length === 0) throw new UsageError(`${args.rows}: ${nothing(rows)}`)
  if (pairs && pairs.pairs.length === 0) throw new UsageError(`${args.pairs}: ${nothing(pairs)}`)
  await mkdir(args.out, { recursive: true })

  using machine = new Machine(args.model, { progress, signal })
  const [gpu, files] = [await machine.gpu(), await machine.files()]
  const model = await machine.model()
  const outputs = new Map<string, string | Uint8Array>()
  const write = async (name: string, content: string | Uint8Array) => {
    outputs.set(name, content)
    await writeWhole(join(args.out, name), content)
  }
  const job: Job = { gpu, model, files, options, progress, signal, inputs, write }
  if (rows) await selectStage(job, rows)
  const finished = pairs ? await trainStage(job, pairs.pairs) : true
  const manifest = await jobManifest({
    ...(await machine.used()),
    options: { ...options, budget: rows ? budgetFor(options, rows.rows.length) : options.budget },
    inputs,
    outputs,
  })
  await writeWhole(join(args.out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  progress.done()
  return finished
}

async function selectStage(job: Job, file: Awaited<ReturnType<typeof readRows>>): Promise<void> {
  const { gpu, model, files, options, progress, signal, write } = job
  progress.note(`rows: ${file.rows.length} ${file.format} rows read, ${file.problems.length} not`)
  using loaded = await loadScorer(model, files)
  if (!loaded.trained) progress.note('the model has no scorer adapters: it scores as it is')
  const scored = await score(file.rows, loaded.scorer, {
    signal,
    onProgress: f => progress.update('score', f),
  })
  const selection = await selectRows(gpu, scored, options, {
    signal,
    onProgress: ({ decided, total }) => progress.update('select', decided / total),
  })
  const position = new Map(file.rows.map(({ index }, i) => [index, i]))
  const kept = await writeRows(
    file,
    selection.kept.map(index => position.get(index)!),
  )
  await write(`selected${fileExtension(file)}`, new Uint8Array(await kept.arrayBuffer()))
  await write('selection.jsonl', jsonLines(selectionRecords(file, scored, selection)))
  progress.note(`selected ${selection.kept.length} rows`)
}

async function trainStage(job: Job, pairs: Awaited<ReturnType<typeof readPairs>>['pairs']): Promise<boolean> {
  const { model, options, progress, signal, write } = job
  const encoded = encodeForJob(model, pairs, options)
  progress.note(`pairs: ${encoded.pairs.length} to train on, ${encoded.dropped.length} dropped`)
  if (encoded.pairs.length === 0) {
    throw new UsageError(`no pair can be trained on: ${encoded.dropped[0]!.reason}`)
  }
  using adapter = createAdapter(model, options)
  const lines: object[] = encoded.dropped.map(({ index, reason }) => ({ dropped: index, reason }))
  let finished = true
  try {
    for await (const event of trainPairs(adapter, encoded.pairs, options, signal)) {
      if (event.kind === 'reference') progress.update('reference', event.done / event.total)
      else if (event.kind === 'step') {
        const { step, totalSteps, loss } = event.step
        progress.update('train', step / totalSteps, `loss ${loss.toFixed(4)}`)
        lines.push(event.step)
      } else lines.push({ before: event.before, after: event.after })
    }
  } catch (error) {
    if (!signal.aborted) throw error
    finished = false
  }
  const { 'adapter_config.json': config, 'adapter_model.safetensors': weights } = writePeftAdapter(
    await adapter.toPeft(),
  )
  await write('adapter/adapter_config.json', config)
  await write('adapter/adapter_model.safetensors', weights)
  await write('metrics.jsonl', jsonLines(lines))
  return finished
}

async function input(path: string, digests: FileDigest[]): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  digests.push(await fileDigest(path.split(/[\\/]/).at(-1)!, bytes))
  return bytes
}

const nothing = ({ problems }: { readonly problems: readonly { readonly reason: string }[] }) =>
  `none of the ${problems.length} records can be used; the first ${problems[0]?.reason}`
