import {
  adapterOptions,
  completeConfig,
  type FileDigest,
  fieldText,
  type Gpu,
  jobIdentity,
  loadModel,
  type Manifest,
  type Model,
  makeTrainable,
  type PeftAdapter,
  type TrainingConfig,
  type TrainingEvent,
  trainingJob,
} from '../index'
import { adapterDigests, readAdapter } from './adapters'
import { type BegunRun, checkInputs, fromAnywhere } from './begun-run'
import type { Command, Context } from './command'
import { openInput } from './input'
import { Machine } from './machine'
import { UsageError } from './options'
import { RunFolder } from './run-folder'
import { judgement, openScorer } from './scorers'
import { toStandardOutput } from './standard-output'
import { readTrainArguments, type TrainArguments, trainUsage } from './train-arguments'
import { configOptions, layered, orUsage, refusedTraining } from './training-arguments'
import { readTrainingData } from './training-data-file'
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
  const { progress, signal } = context
  // Data is read before the GPU is opened: most mistakes are there.
  const input = await openInput(args.data.path)
  const data = await readTrainingData(input, args.data.kind, context).catch(refusedTraining)
  const peft = args.adapter === null ? null : await readAdapter(args.adapter)
  const config = peft ? continued(args, peft) : args.config
  const folder = await RunFolder.open(args.out, config, args.resume)
  const inputs = [input.digest, ...(args.adapter === null ? [] : await adapterDigests(args.adapter))]
  if (args.begun) checkInputs(args.out, args.begun, inputs)
  await folder.begin(begunWith(args, config, inputs))
  for (const key of args.left)
    progress.note(`${key} of the recipe or the file does not apply, and is left out`)

  using machine = new Machine(args.model, context)
  const model = await machine.model()
  using trainable = makeTrainable(model.network, config, peft)
  using reference = await openReference(args, machine, context)
  using scorer = config.answers === 'sampled' ? await openScorer(args.judge, machine, progress) : null
  const record = new TrainingRecord(folder.metrics, config)
  const began = performance.now()
  let finished = true
  try {
    const events = trainingJob(model, trainable, data, config, {
      ...{ store: folder.store, resume: args.resume, reference, signal },
      ...(scorer ? { scorer: { scorer: scorer.scorer, ...judgement(args.judge) } } : {}),
      onProgress: (phase, done, total) => progress.update(phase, total === 0 ? 1 : done / total),
    })
    let totalSteps = 0
    for await (const event of events) {
      await folder.follow(event)
      if (event.kind === 'data') {
        totalSteps = event.totalSteps
        await toStandardOutput(dataText(input.name, event))
      }
      if (event.kind === 'step')
        progress.update(
          'train',
          event.step.step / event.step.totalSteps,
          `${config.rounds ? `round ${event.round} ` : ''}loss ${event.step.loss.toFixed(4)}`,
        )
      if (event.kind === 'damaged') progress.note(event.reason)
      if (event.kind === 'checkpoint' && isEnd(event, config, totalSteps))
        await toStandardOutput('the run is finished: there is no step to go on with\n\n')
      await record.take(event)
    }
  } catch (error) {
    if (!signal.aborted) refusedTraining(error)
    finished = false
    progress.note('stopped; the same command with --resume goes on from here')
  }
  if (!folder.isTaken) return false
  const identity = jobIdentity({ ...(await machine.used()), options: manifestOptions(args, config), inputs })
  const write = (fraction: number) => progress.update('write', fraction)
  await folder.writeResults(trainable, model, await machine.files(), identity, write)
  const seconds = (performance.now() - began) / 1000
  const about = { args, model: identity.model, device: (await machine.gpu()).adapterName, seconds, finished }
  await folder.writeReport(record.report(about))
  progress.done()
  if (finished) await toStandardOutput(record.summary())
  return finished
}

/** Whether a run that goes on was at its end. */
const isEnd = (
  { how, round, step }: Extract<TrainingEvent, { kind: 'checkpoint' }>,
  { rounds = 1 }: TrainingConfig,
  totalSteps: number,
): boolean => how === 'resumed' && round === rounds && step === totalSteps

/** What the folder keeps of the command line, so that it need not be typed again and is not another. */
function begunWith(args: TrainArguments, config: TrainingConfig, inputs: readonly FileDigest[]): BegunRun {
  const { data, model, adapter, recipe, judge } = args
  const revision = model.opening.revision ?? null
  const flags = {
    [data.kind]: data.path,
    ...(model.source === null ? {} : { model: model.source }),
    ...(revision === null ? {} : { revision }),
    ...(adapter === null ? {} : { adapter }),
  }
  return {
    flags: Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, fromAnywhere(value)])),
    ...{ inputs, recipe, judge: config.answers === 'sampled' ? judge : null },
  }
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

const manifestOptions = (args: TrainArguments, config: TrainingConfig): Manifest['options'] => ({
  command: 'train',
  ...(args.recipe ? { recipe: args.recipe.name, variant: args.recipe.variant } : {}),
  ...configOptions(config),
})
