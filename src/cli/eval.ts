import {
  type CausalNetwork,
  compareRuns,
  type EvaluatedRun,
  type EvaluationSet,
  evaluateTraining,
  LoraAdapter,
  type LoraMap,
  type Model,
  makeLoss,
  multipleChoice,
  type Prompt,
  prepareData,
  promptsOf,
  type RunComparison,
  readMultipleChoice,
  startingReferences,
  templated,
  textPerplexity,
  trainingReport,
  type WinRate,
  winRate,
} from '../index'
import { readAdapter } from './adapters'
import type { Command, Context } from './command'
import { type EvalArguments, evalUsage, readEvalArguments } from './eval-arguments'
import { writeWhole } from './files'
import { type Input, openInput } from './input'
import { Machine } from './machine'
import { UsageError } from './options'
import { openScorer } from './scorers'
import { toStandardOutput } from './standard-output'
import { readTrainingData } from './training-data-file'
import { comparisonText, metricsText } from './training-text'

export const evaluate: Command = {
  summary: 'measure a model, and the same with an adapter',
  usage: evalUsage,
  read(argv) {
    const args = readEvalArguments(argv)
    return async context => {
      try {
        return await runEval(args, context)
      } catch (error) {
        if (!context.signal.aborted) throw error
        return false
      }
    }
  },
}

/** One thing to measure: metrics by their names, with an adapter or without. */
type Measure = (adapter: LoraMap | null) => Promise<Omit<EvaluatedRun, 'name'>>

interface Measured {
  readonly measures: readonly Measure[]
  readonly prompts: readonly Prompt[]
}

async function runEval(args: EvalArguments, context: Context): Promise<boolean> {
  const { progress } = context
  const inputs = await openInputs(args)
  const peft = args.adapter === null ? null : await readAdapter(args.adapter)
  using machine = new Machine(args.model, context)
  const model = await machine.model()
  using adapter = peft && LoraAdapter.fromPeft(model.network, peft)
  const { measures, prompts } = await measuresOf(args, inputs, model, context)
  const run = async (name: string, map: LoraMap | null): Promise<EvaluatedRun> => {
    const parts = []
    for (const measure of measures) parts.push(await measure(map))
    const metrics = Object.assign({}, ...parts.map(part => part.metrics)) as EvaluatedRun['metrics']
    return { name, metrics, answers: parts.flatMap(({ answers = [] }) => answers) }
  }
  const before = await run(adapter ? 'before' : 'model', null)
  const after = adapter ? await run('after', adapter.map) : null
  const comparison = after && compareRuns(before, after, prompts)
  const judged =
    after && args.judge !== null ? await judge(args.judge, machine, prompts, before, after, context) : null
  progress.done()
  if (args.report !== null)
    await writeWhole(
      args.report,
      await reportOf(args, machine, comparison ?? compareRuns(before, before, prompts), judged),
    )
  await toStandardOutput(
    args.json
      ? `${JSON.stringify({ before, after, comparison, winRate: judged }, null, 2)}\n`
      : `${comparison ? comparisonText(comparison) : metricsText(before)}${judged ? winText(args.judge!, judged) : ''}`,
  )
  return true
}

interface Inputs {
  readonly data: Input | null
  readonly text: Input | null
  readonly choices: Input | null
  readonly examples: Input | null
}

/** Files are opened before the GPU is: most mistakes are there. */
async function openInputs({ data, text, choices, examples }: EvalArguments): Promise<Inputs> {
  const open = (path: string | null | undefined) => (path == null ? null : openInput(path))
  return {
    data: await open(data?.path),
    text: await open(text),
    choices: await open(choices),
    examples: await open(examples),
  }
}

async function measuresOf(
  args: EvalArguments,
  { data, text, choices, examples }: Inputs,
  model: Model,
  context: Context,
): Promise<Measured> {
  const { progress, signal } = context
  const measures: Measure[] = []
  let prompts: readonly Prompt[] = []
  if (data) {
    const set = await setOf(args, data, model, context)
    prompts = set.prompts
    const onProgress = (done: number, total: number) =>
      progress.update('evaluate', total === 0 ? 1 : done / total)
    measures.push(map => evaluateTraining('', { map }, set, { signal, onProgress }))
  }
  if (text) {
    const content = await text.blob.text()
    if (content.trim() === '') throw new UsageError(`${text.name}: there is no text in it`)
    const onProgress = (fraction: number) => progress.update('text', fraction)
    measures.push(async map => {
      const { perplexity, word_perplexity, byte_perplexity, bits_per_byte } = await textPerplexity(
        model,
        [content],
        {
          ...{ adapter: map, signal, onProgress },
        },
      )
      return { metrics: { 'text/perplexity': perplexity, word_perplexity, byte_perplexity, bits_per_byte } }
    })
  }
  if (choices) {
    const { questions } = await readMultipleChoice(choices.blob, { name: choices.name, signal })
    const solved = examples
      ? (await readMultipleChoice(examples.blob, { name: examples.name, signal })).questions
      : []
    const onProgress = (fraction: number) => progress.update('choices', fraction)
    measures.push(async map => {
      const { results } = await multipleChoice(model, questions, {
        ...{ adapter: map, shots: args.shots, examples: solved, signal, onProgress },
      })
      return { metrics: flat(results) }
    })
  }
  return { measures, prompts }
}

/** Results of tasks as `task/metric`. */
const flat = (results: Readonly<Record<string, object>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(results).flatMap(([task, metrics]) =>
      Object.entries(metrics).flatMap(([name, value]) =>
        typeof value === 'number' ? [[`${task}/${name}`, value] as const] : [],
      ),
    ),
  )

async function setOf(
  { config, limit, answers, maxTokens, data: wanted }: EvalArguments,
  input: Input,
  given: Model,
  context: Context,
): Promise<EvaluationSet> {
  const { progress, signal } = context
  const data = await readTrainingData(input, wanted!.kind, context)
  const model = templated(given, config)
  const { examples, dropped } = prepareData(model, data, { ...config, evalSplit: 0 })
  const measured = examples.slice(0, limit)
  if (measured.length === 0)
    throw new UsageError(`${input.name}: nothing can be measured: ${dropped[0]?.reason}`)
  if (dropped.length > 0)
    progress.note(`${input.name}: ${dropped.length} dropped; the first: ${dropped[0]!.reason}`)
  const loss = makeLoss(config)
  const alone: { readonly network: CausalNetwork; readonly map: null } = { network: given.network, map: null }
  const onProgress = (done: number, total: number) => progress.update('reference', done / total)
  return {
    ...{ model, loss, examples: measured, maxTokens, seed: config.seed },
    prompts: promptsOf(data, measured).slice(0, answers),
    references: await startingReferences(alone, loss, measured, 'cached', { signal, onProgress }),
    // Where log-probs cannot be known in advance, they are those of the model without the adapter too.
    reference: { network: given.network, adapter: null },
  }
}

async function judge(
  name: string,
  machine: Machine,
  prompts: readonly Prompt[],
  before: EvaluatedRun,
  after: EvaluatedRun,
  { progress, signal }: Context,
): Promise<WinRate> {
  using scorer = await openScorer(name, machine, progress)
  const onProgress = (fraction: number) => progress.update('judge', fraction)
  return winRate(prompts, after.answers ?? [], before.answers ?? [], scorer.scorer, { signal, onProgress })
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

const winText = (name: string, { rate, interval: [low, high], wins, ties, losses, missing }: WinRate) =>
  `win rate of the adapter's answers by ${name}: ${percent(rate)} (95 %: ${percent(low)} to ${percent(high)}); ` +
  `${wins} won, ${ties} tied, ${losses} lost, ${missing} without scores\n`

async function reportOf(
  { adapter, config, judge: scorer }: EvalArguments,
  machine: Machine,
  comparison: RunComparison,
  judged: WinRate | null,
): Promise<string> {
  const { model } = await machine.used()
  return trainingReport({
    ...{ title: 'Evaluation report', model: model?.name ?? '', date: new Date(), steps: [], comparison },
    device: (await machine.gpu()).adapterName,
    options: { ...config },
    ...(adapter === null ? {} : { adapter }),
    ...(judged && scorer !== null
      ? { winRate: { scorer, a: 'the adapter', b: 'the model without it', result: judged } }
      : {}),
  })
}
