import { join } from 'node:path'
import { type Gpu, ggufLora, jobIdentity, type Manifest, type PeftAdapter, writePeftAdapter } from '../index'
import { adapterDigests, readAdapter } from './adapters'
import type { Command, Context } from './command'
import { writeWhole } from './files'
import { Machine } from './machine'
import {
  filesUsage,
  type ModelArguments,
  modelSpec,
  readModelArguments,
  refuseUnused,
} from './model-arguments'
import { flag, Given, text, UsageError } from './options'
import { refuseSameFolder } from './output-folder'
import { writeManifest } from './training-files'
import { summaries } from './usage'

interface Form {
  readonly summary: string
  /** Whether something of the model is written into it. */
  readonly readsModel: boolean
  /** Its files, by name. */
  files(peft: PeftAdapter, machine: Machine): Promise<readonly (readonly [string, string | Uint8Array])[]>
}

const forms: Readonly<Record<string, Form>> = {
  gguf: {
    summary: "adapter.gguf for llama.cpp's --lora; of --model only config.json is read",
    readsModel: true,
    async files(peft, machine) {
      const config = await (await machine.files()).text('config.json')
      return [['adapter.gguf', ggufLora(peft, config)]]
    },
  },
  peft: {
    summary:
      'adapter_config.json and adapter_model.safetensors in f32, for Hugging Face PEFT; --model is not read',
    readsModel: false,
    files: async peft => Object.entries(writePeftAdapter(peft)),
  },
}

const exportUsage = `Usage: tabtune export --adapter DIR --as NAME --out DIR [options]

Writes an adapter in another form. tabtune merge writes a model with the adapter in its weights. No GPU is needed.

  --adapter DIR          a PEFT folder, such as tabtune train writes
  --as NAME
${summaries(forms)}  --out DIR              where it goes; made if it is not there
${filesUsage}  --help`

const spec = { ...modelSpec, adapter: text, as: text, out: text, help: flag } as const

interface ExportArguments {
  readonly adapter: string
  readonly form: string
  readonly out: string
  readonly model: ModelArguments
}

export const exportAdapter: Command = {
  summary: 'write an adapter for llama.cpp or PEFT',
  usage: exportUsage,
  read(argv) {
    const given = new Given(spec, argv)
    const [first] = given.operands
    if (first !== undefined) throw new UsageError(`'${first}' is no option of tabtune export`)
    const [adapter, out] = [given.text('adapter'), given.text('out')]
    if (adapter === null) throw new UsageError('--adapter DIR is missing')
    if (!given.has('as'))
      throw new UsageError(`--as NAME is missing, one of ${Object.keys(forms).join(', ')}`)
    if (out === null) throw new UsageError('--out DIR is missing')
    const form = given.name('as', '', forms)
    refuseUnused(
      given,
      ['storage', 'template'],
      "an adapter's file has neither weights nor a chat template of a model",
    )
    if (!forms[form]!.readsModel)
      refuseUnused(given, ['model'], `nothing of the model is read for --as ${form}`)
    const args = { adapter, out, form, model: readModelArguments(given) }
    return context => runExport(args, context)
  },
}

async function runExport({ adapter, form, out, model }: ExportArguments, context: Context): Promise<boolean> {
  await refuseSameFolder(out, adapter, 'the adapter that is read')
  const peft = await readAdapter(adapter)
  using machine = new Machine(model, context)
  const files = await forms[form]!.files(peft, machine)
  for (const [name, content] of files) await writeWhole(join(out, name), content)
  const used: { gpu: Gpu | null; model: Manifest['model'] } = await machine.used()
  const identity = jobIdentity({
    ...used,
    options: { command: 'export', as: form },
    inputs: await adapterDigests(adapter),
  })
  await writeManifest(
    out,
    identity,
    files.map(([name]) => name),
  )
  return true
}
