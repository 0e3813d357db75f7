import { compareRuns, type EvaluatedRun, LoraAdapter, type Prompt, type WinRate, winRate } from '../index'
import { readAdapter } from './adapters'
import type { Command, Context } from './command'
import { type EvalArguments, evalUsage, readEvalArguments } from './eval-arguments'
import { measuresOf, openInputs, type Subject } from './eval-measures'
import { evalReport, namesOf } from './eval-report'
import { writeWhole } from './files'
import { Machine } from './machine'
import { judgement, openScorer } from './scorers'
import { toStandardOutput } from './standard-output'
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

async function runEval(args: EvalArguments, context: Context): Promise<boolean> {
  const { progress } = context
  const inputs = await openInputs(args)
  const peft = args.adapter === null ? null : await readAdapter(args.adapter)
  using machine = new Machine(args.model, context)
  const model = await machine.model()
  using adapter = peft && LoraAdapter.fromPeft(model.network, peft)
  using other = args.against && new Machine(args.against, context, machine)
  const against = other && (await other.model())
  const { measures, prompts, notes } = await measuresOf(
    args,
    inputs,
    against ? [against, model] : [model],
    context,
  )
  const run = async (name: string, subject: Subject): Promise<EvaluatedRun> => {
    const parts = []
    for (const measure of measures) parts.push(await measure(subject))
    const metrics = Object.assign({}, ...parts.map(part => part.metrics)) as EvaluatedRun['metrics']
    return { name, metrics, answers: parts.flatMap(({ answers = [] }) => answers) }
  }
  const [was, is] = namesOf(args)
  const before = await run(was, { model: against ?? model, adapter: null })
  const after = adapter || against ? await run(is, { model, adapter: adapter?.map ?? null }) : null
  const comparison = after && compareRuns(before, after, prompts)
  const judged =
    after && args.judge !== null ? await judge(args.judge, machine, prompts, before, after, context) : null
  progress.done()
  if (args.report !== null)
    await writeWhole(
      args.report,
      await evalReport(args, machine, comparison ?? compareRuns(before, before, prompts), judged),
    )
  await toStandardOutput(
    args.json
      ? `${JSON.stringify({ before, after, comparison, winRate: judged, notes }, null, 2)}\n`
      : `${comparison ? comparisonText(comparison) : metricsText(before)}${judged ? winText(args, judged) : ''}`,
  )
  return true
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
  return winRate(prompts, after.answers ?? [], before.answers ?? [], scorer.scorer, {
    ...judgement(name),
    ...{ signal, onProgress },
  })
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

const winText = (
  { judge, against }: EvalArguments,
  { rate, interval: [low, high], wins, ties, losses, missing }: WinRate,
) =>
  `win rate of the ${against ? 'model' : 'adapter'}'s answers by ${judge}: ${percent(rate)} (95 %: ${percent(low)} to ${percent(high)}); ` +
  `${wins} won, ${ties} tied, ${losses} lost, ${missing} without scores\n`
