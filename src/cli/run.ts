import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  budgetFor,
  type FileDigest,
  fileDigest,
  fileExtension,
  type Gpu,
  type JobOptions,
  jobManifest,
  jsonLines,
  loadScorer,
  type MetricsLine,
  type Model,
  type ModelFiles,
  makeTrainable,
  metricsLines,
  readPairs,
  readRows,
  score,
  selectionRecords,
  selectRows,
  type TrainingConfig,
  trainingJob,
  writeRows,
} from '../index'
import type { Command } from './command'
import { writeWhole } from './files'
import { Machine } from './machine'
import { UsageError } from './options'
import type { Progress } from './progress'
import { type RunArguments, readRunArguments, runUsage } from './run-arguments'
import { configOptions, refusedTraining } from './training-arguments'
import { adapterFiles, isAdapter } from './training-files'

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
  readonly config: TrainingConfig
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
  const { options, config } = args
  // Inputs are read before the GPU is opened: most mistakes are there.
  const inputs: FileDigest[] = []
  const [rowsName, pairsName] = [args.rows, args.pairs]
  const rows =
    rowsName === null
      ? null
      : await readRows(await input(rowsName, inputs), { name: rowsName }).catch(refusedTraining)
  const pairs =
    pairsName === null
      ? null
      : await readPairs(await input(pairsName, inputs), { name: pairsName }).catch(refusedTraining)
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
  const job: Job = { gpu, model, files, options, config, progress, signal, inputs, write }
  if (rows) await selectStage(job, rows)
  const finished = pairs ? await trainStage(job, pairs.pairs) : true
  const manifest = await jobManifest({
    ...(await machine.used()),
    options: {
      ...{ ...options, budget: rows ? budgetFor(options, rows.rows.length) : options.budget },
      ...(pairs ? configOptions(config) : {}),
    },
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

async function trainStage(
  { model, config, progress, signal, write }: Job,
  pairs: Awaited<ReturnType<typeof readPairs>>['pairs'],
): Promise<boolean> {
  using adapter = makeTrainable(model.network, config)
  const lines: MetricsLine[] = []
  let finished = true
  try {
    const events = trainingJob(model, adapter, { kind: 'pairs', pairs }, config, {
      signal,
      onProgress: (phase, done, total) => progress.update(phase, total === 0 ? 1 : done / total),
    })
    for await (const event of events) {
      if (event.kind === 'data') {
        const { examples, dropped, notes } = event.data
        for (const note of notes) progress.note(note)
        progress.note(`pairs: ${examples.length} to train on, ${dropped.length} dropped`)
      } else if (event.kind === 'step') {
        const { step, totalSteps, loss } = event.step
        progress.update('train', step / totalSteps, `loss ${loss.toFixed(4)}`)
      }
      lines.push(...metricsLines(event, config))
    }
  } catch (error) {
    if (!signal.aborted) refusedTraining(error)
    finished = false
  }
  if (isAdapter(adapter))
    for (const [name, content] of await adapterFiles(adapter, null)) await write(`adapter/${name}`, content)
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
