import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  adapterOptions,
  completeConfig,
  exportModel,
  fieldText,
  folderStore,
  type Gpu,
  jobIdentity,
  latestCheckpoint,
  loadModel,
  type Manifest,
  type Model,
  makeTrainable,
  type PeftAdapter,
  type Trainable,
  type TrainingConfig,
  trainingJob,
} from '../index'
import { readAdapter } from './adapters'
import type { Command, Context } from './command'
import { writeWhole } from './files'
import { openInput } from './input'
import { Machine } from './machine'
import { MetricsFile } from './metrics-file'
import { UsageError } from './options'
import { judgement, openScorer } from './scorers'
import { toStandardOutput } from './standard-output'
import { CONFIG_FILE, readTrainArguments, type TrainArguments, trainUsage } from './train-arguments'
import { configOptions, layered, orUsage } from './training-arguments'
import { readTrainingData } from './training-data-file'
import { isAdapter, writeAdapter, writeExported, writeManifest } from './training-files'
import { TrainingRecord } from './training-record'
import { dataText } from './training-text'

export const train: Command = {
  summary: 'train on rows, pairs or labelled answers, and go on where a run was ended',
  usage: trainUsage,
  read(argv) {
    const args = readTrainArguments(argv)
    return context => runTrain(args, context)
  },
}

/**
 * Trains and writes what came of it.
 *
 * @returns whether it ran to its end; false if `signal` stopped it: what is trained is then written as it is
 * @throws the library's errors, and `UsageError` for files and folders that are not there
 */
async function runTrain(args: TrainArguments, context: Context): Promise<boolean> {
  const { out, resume } = args
  const { progress, signal } = context
  // Data is read before the GPU is opened: most mistakes are there.
  const input = await openInput(args.data.path)
  const data = await readTrainingData(input, args.data.kind, context)
  const store = folderStore(join(out, 'checkpoints'))
  const kept = await latestCheckpoint(store)
  if (kept && !resume)
    throw new UsageError(
      `${out} holds a run that stopped after step ${kept.step}: go on with --resume, or name another folder`,
    )
  const peft = args.adapter === null ? null : await readAdapter(args.adapter)
  const config = peft ? continued(args, peft) : args.config
  await mkdir(out, { recursive: true })
  await writeWhole(join(out, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`)
  for (const key of args.left)
    progress.note(`${key} of the recipe or the file does not apply, and is left out`)

  using machine = new Machine(args.model, context)
  const model = await machine.model()
  using trainable = makeTrainable(model.network, config, peft)
  using reference = await openReference(args, machine, context)
  using scorer = config.answers === 'sampled' ? await openScorer(args.judge, machine, progress) : null
  const metrics = await MetricsFile.open(join(out, 'metrics.jsonl'), { resume })
  const record = new TrainingRecord(metrics, config)
  const began = performance.now()
  let finished = true
  try {
    const events = trainingJob(model, trainable, data, config, {
      ...{ store, resume, reference, signal },
      ...(scorer ? { scorer: { scorer: scorer.scorer, ...judgement(args.judge) } } : {}),
      onProgress: (phase, done, total) => progress.update(phase, total === 0 ? 1 : done / total),
    })
    for await (const event of events) {
      if (event.kind === 'data') await toStandardOutput(dataText(input.name, event))
      if (event.kind === 'step')
        progress.update(
          'train',
          event.step.step / event.step.totalSteps,
          `${config.rounds ? `round ${event.round} ` : ''}loss ${event.step.loss.toFixed(4)}`,
        )
      if (event.kind === 'damaged') progress.note(event.reason)
      await record.take(event)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    finished = false
    progress.note('stopped; the same command with --resume goes on from here')
  }
  await metrics.flush()
  const made = await writeTrained(out, trainable, model, machine, context)
  const identity = jobIdentity({
    ...(await machine.used()),
    options: manifestOptions(args, config),
    inputs: [input.digest],
  })
  await writeManifest(out, identity, [CONFIG_FILE, 'metrics.jsonl', ...made])
  const seconds = (performance.now() - began) / 1000
  const about = { args, model: identity.model, device: (await machine.gpu()).adapterName, seconds, finished }
  await writeWhole(join(out, 'report.html'), record.report(about))
  progress.done()
  if (finished) await toStandardOutput(record.summary())
  return finished
}

/** The config with the shape of an adapter to go on from. @throws {UsageError} where another is asked for */
function continued({ config, adapter }: TrainArguments, peft: PeftAdapter): TrainingConfig {
  if (config.trained === 'full') throw new UsageError('--adapter is of no use where all weights are trained')
  const own = adapterOptions(peft)
  const options = layered(config, own).options
  const made = orUsage(() => completeConfig(options))
  const usual = orUsage(() => completeConfig({ method: config.method }))
  for (const key of Object.keys(own) as (keyof typeof own)[]) {
    const [asked, has] = [config[key], made[key]]
    const isUsual = JSON.stringify(asked) === JSON.stringify(usual[key])
    if (!isUsual && JSON.stringify(asked) !== JSON.stringify(has))
      throw new UsageError(
        `${key} is ${fieldText(asked ?? null)}, and the adapter in ${adapter} has ${fieldText(has ?? null)}`,
      )
  }
  return made
}

/** The model that the config compares with, where it is another one. */
async function openReference(
  { config, model: { opening } }: TrainArguments,
  machine: Machine,
  { progress, signal }: Context,
): Promise<Model | null> {
  if (!config.referenceModel) return null
  const gpu: Gpu = await machine.gpu()
  return loadModel(gpu, config.referenceModel, {
    ...opening,
    signal,
    onProgress: fraction => progress.update('reference model', fraction),
  })
}

/** Writes the adapter, or all weights; gives the names of the files. */
async function writeTrained(
  out: string,
  trainable: Trainable,
  model: Model,
  machine: Machine,
  { progress }: Context,
): Promise<string[]> {
  const below = (folder: string) => (name: string) => `${folder}/${name}`
  if (isAdapter(trainable)) {
    return (await writeAdapter(join(out, 'adapter'), trainable, model.name)).map(below('adapter'))
  }
  const files = await exportModel(model.network, await machine.files())
  const write = (fraction: number) => progress.update('write', fraction)
  return (await writeExported(join(out, 'model'), files, write)).map(below('model'))
}

const manifestOptions = (args: TrainArguments, config: TrainingConfig): Manifest['options'] => ({
  command: 'train',
  ...(args.recipe ? { recipe: args.recipe.name, variant: args.recipe.variant } : {}),
  ...configOptions(config),
})
