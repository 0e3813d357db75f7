import { basename } from 'node:path'
import {
  type FieldKey,
  fieldGroups,
  namedStorages,
  type RunComparison,
  type TrainingConfig,
  trainingReport,
  type WinRate,
} from '../index'
import type { EvalArguments } from './eval-arguments'
import type { Machine } from './machine'
import type { ModelArguments } from './model-arguments'
import { configOptions } from './training-arguments'

/** What is compared, first what comes before. */
export function namesOf({ adapter, against, model }: EvalArguments): readonly [string, string] {
  if (adapter !== null) return ['before', 'after']
  if (!against) return ['model', 'model']
  const [was, is] = [nameOf(against), nameOf(model)]
  return was === is ? ['before', 'after'] : [was, is]
}

/** A model without the folders that it lies in, but for the last: `run/model`, `owner/model`. */
const nameOf = ({ source }: ModelArguments): string =>
  source === null ? 'bundled' : source.split(/[\\/]/).slice(-2).join('/')

/** What was measured as one page of HTML. */
export async function evalReport(
  args: EvalArguments,
  machine: Machine,
  comparison: RunComparison,
  judged: WinRate | null,
): Promise<string> {
  const { adapter, against, judge } = args
  const { model } = await machine.used()
  const [b, a] = against ? namesOf(args) : ['the model without it', 'the adapter']
  return trainingReport({
    ...{ title: 'Evaluation report', model: model?.name ?? '', date: new Date(), steps: [], comparison },
    device: (await machine.gpu()).adapterName,
    options: measuredOptions(args),
    ...(adapter === null ? {} : { adapter }),
    ...(judged && judge !== null ? { winRate: { scorer: judge, a, b, result: judged } } : {}),
  })
}

/** Options of a training that what is measured depends on, besides its loss's. */
const counted: readonly FieldKey[] = ['train', 'maxLength', 'truncation', 'promptKeep', 'seed']

/** The options that made the numbers what they are. */
function measuredOptions(args: EvalArguments): Readonly<Record<string, unknown>> {
  const { data, text, choices, examples, shots, limit, answers, maxTokens, model, config } = args
  const file = (path: string) => (path === '-' ? 'standard input' : basename(path))
  return {
    ...(data ? { [data.kind]: file(data.path), ...lossOptions(config) } : {}),
    ...(data && limit !== Infinity ? { limit } : {}),
    ...(answers > 0 ? { answers, maxTokens } : {}),
    ...(text === null ? {} : { text: file(text) }),
    ...(choices === null ? {} : { choices: file(choices), shots }),
    ...(examples === null ? {} : { examples: file(examples) }),
    storage: Object.keys(namedStorages).find(name => namedStorages[name] === model.storage),
    ...(data && model.template ? { template: model.template.name } : {}),
  }
}

function lossOptions(config: TrainingConfig): Readonly<Record<string, unknown>> {
  const groups = fieldGroups.filter(({ keys }) => keys.includes('method') || keys.includes('beta'))
  const wanted = new Set<string>([...groups.flatMap(({ keys }) => keys), ...counted])
  return Object.fromEntries(Object.entries(configOptions(config)).filter(([key]) => wanted.has(key)))
}
