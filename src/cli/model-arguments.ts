import {
  type ChatTemplate,
  f32,
  folderStore,
  jobTemplates,
  namedStorages,
  type OpenFilesOptions,
  type TrainingConfig,
  type WeightFormat,
} from '../index'
import { flag, type Given, type OptionSpec, text, UsageError } from './options'

/** Which model a command uses, and how. */
export interface ModelArguments {
  /** A folder, an id of the Hub, or an address; null for the bundled model. */
  readonly source: string | null
  readonly opening: OpenFilesOptions
  /** Those of the Hub's options that were given. */
  readonly hubOptions: readonly string[]
  readonly storage: WeightFormat
  /** In place of the model's own chat template. */
  readonly template: { readonly name: string; readonly value: ChatTemplate } | null
}

/** Options of all commands that use a model. */
export const modelSpec = {
  model: text,
  storage: text,
  template: text,
  revision: text,
  cache: text,
  endpoint: text,
  token: text,
  offline: flag,
} as const

const ofStorage = `  --storage S            how weights lie in GPU memory: ${Object.keys(namedStorages).join(', ')} (default: f32, exactly)
`
const ofTemplate = `  --template NAME        a chat template in place of the model's own: ${Object.keys(jobTemplates).join(', ')}
`
const usageWith = (
  how: string,
) => `  --model M              a Hugging Face folder, or a model of the Hub: owner/model or owner/model@revision, downloaded
                         once and kept (default: the bundled demonstration model)
${how}  --revision R, --token TOKEN, --endpoint URL, --cache DIR
                         of models of the Hub, see tabtune models --help
  --offline              use what is kept of a model of the Hub, and ask for nothing
`

export const modelUsage = usageWith(ofStorage + ofTemplate)
/** Of commands that use weights, and no conversations. */
export const weightsUsage = usageWith(ofStorage)
/** Of commands that only read a model's files. */
export const filesUsage = usageWith('')

/** @throws {UsageError} for an option of a model, all but those that the command has a use for */
export function refuseUnused<Spec extends OptionSpec & typeof modelSpec>(
  given: Given<Spec>,
  names: readonly (keyof typeof modelSpec)[],
  why: string,
): void {
  const unused = names.find(name => given.has(name))
  if (unused) throw new UsageError(`--${unused} is of no use here: ${why}`)
}

/** @throws {UsageError} naming the argument that is wrong */
export function readModelArguments<Spec extends OptionSpec & typeof modelSpec>(
  given: Given<Spec>,
): ModelArguments {
  const template = given.choice('template', null, jobTemplates)
  return {
    ...readSource(given),
    storage: given.choice('storage', f32, namedStorages),
    template: template && { name: given.text('template')!, value: template },
  }
}

/** The model of a training, whose config says how it is stored and what its template is. @throws {UsageError} */
export const readTrainedModel = <Spec extends OptionSpec & typeof modelSpec>(
  given: Given<Spec>,
  { storage, template }: TrainingConfig,
): ModelArguments => ({
  ...readSource(given),
  storage: namedStorages[storage ?? 'f32']!,
  template: template ? { name: template, value: jobTemplates[template]! } : null,
})

function readSource<Spec extends OptionSpec & typeof modelSpec>(given: Given<Spec>) {
  const source = given.text('model')
  return {
    source,
    opening: readOpening(given, source),
    hubOptions: HUB_OPTIONS.filter(name => given.has(name)),
  }
}

const HUB_OPTIONS = ['revision', 'endpoint', 'cache', 'token', 'offline'] as const

/** For the Hub alone: other addresses never get it. */
const environmentToken = (source: string | null) =>
  source === null || /^https?:/i.test(source) ? null : process.env.HF_TOKEN || null

function readOpening<Spec extends OptionSpec & typeof modelSpec>(
  given: Given<Spec>,
  source: string | null,
): OpenFilesOptions {
  const [revision, endpoint, cache] = [given.text('revision'), given.text('endpoint'), given.text('cache')]
  const typed = HUB_OPTIONS.find(name => given.has(name))
  if (source === null && typed) throw new UsageError(`--${typed} is of no use without --model`)
  // Nor does a mirror that is named here.
  const token = given.text('token') ?? (endpoint === null ? environmentToken(source) : null)
  return {
    ...(revision === null ? {} : { revision }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(token === null ? {} : { token }),
    ...(cache === null ? {} : { store: folderStore(cache) }),
    ...(given.flag('offline') ? { offline: true } : {}),
  }
}
