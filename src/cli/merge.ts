import { exportModel, jobIdentity, LoraAdapter } from '../index'
import { adapterDigests, readAdapter } from './adapters'
import type { Command, Context } from './command'
import { bundledModel, Machine } from './machine'
import {
  type ModelArguments,
  modelSpec,
  readModelArguments,
  refuseUnused,
  weightsUsage,
} from './model-arguments'
import { flag, Given, text, UsageError } from './options'
import { refuseSameFolder } from './output-folder'
import { writeExported, writeManifest } from './training-files'

const dtypes = { f32: 'f32', f16: 'f16', bf16: 'bf16' } as const

const mergeUsage = `Usage: tabtune merge --adapter DIR --out DIR [options]

Adds an adapter to its model's weights, and writes the model as a folder that transformers and tabtune load. Weights that
are stored in fewer bits are written as what they stand for, and the adapter's change is added to that.

  --adapter DIR          a PEFT folder, such as tabtune train writes
  --out DIR              where the model goes; made if it is not there
  --dtype NAME           what values are rounded to: ${Object.keys(dtypes).join(', ')} (default: f32, exactly)
${weightsUsage}  --help`

const spec = { ...modelSpec, adapter: text, out: text, dtype: text, help: flag } as const

interface MergeArguments {
  readonly adapter: string
  readonly out: string
  readonly dtype: keyof typeof dtypes
  readonly model: ModelArguments
}

export const merge: Command = {
  summary: "add an adapter to its model's weights",
  usage: mergeUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const [first] = given.operands
    if (first !== undefined) throw new UsageError(`'${first}' is no option of tabtune merge`)
    const [adapter, out] = [given.text('adapter'), given.text('out')]
    if (adapter === null) throw new UsageError('--adapter DIR is missing')
    if (out === null) throw new UsageError('--out DIR is missing')
    refuseUnused(given, ['template'], 'the model is written with the chat template that it has')
    const args = {
      adapter,
      out,
      dtype: given.choice('dtype', 'f32', dtypes),
      model: readModelArguments(given),
    }
    return context => runMerge(args, context)
  },
}

async function runMerge({ adapter: folder, out, dtype, model: wanted }: MergeArguments, context: Context) {
  const { progress, signal } = context
  await refuseSameFolder(out, wanted.source ?? bundledModel(), 'the model that the adapter is added to')
  const peft = await readAdapter(folder)
  using machine = new Machine(wanted, context)
  const model = await machine.model()
  using adapter = LoraAdapter.fromPeft(model.network, peft)
  try {
    const files = await exportModel(model.network, await machine.files(), { adapter, dtype, signal })
    const names = await writeExported(out, files, fraction => progress.update('write', fraction))
    const identity = jobIdentity({
      ...(await machine.used()),
      options: { command: 'merge', dtype },
      inputs: await adapterDigests(folder),
    })
    await writeManifest(out, identity, names)
  } catch (error) {
    if (!signal.aborted) throw error
    return false
  }
  progress.done()
  return true
}
