import {
  type EvaluatedRun,
  type EvaluationSet,
  evaluateTraining,
  type LoraMap,
  type Model,
  makeLoss,
  multipleChoice,
  type Prompt,
  prepareData,
  promptsOf,
  readMultipleChoice,
  startingReferences,
  textPerplexity,
} from '../index'
import type { Context } from './command'
import type { EvalArguments } from './eval-arguments'
import { type Input, openInput } from './input'
import { UsageError } from './options'
import { readTrainingData, type Told, usable } from './training-data-file'

/** What is measured. */
export interface Subject {
  readonly model: Model
  readonly adapter: LoraMap | null
}

/** One thing to measure: metrics by their names, of a model. */
export type Measure = (subject: Subject) => Promise<Omit<EvaluatedRun, 'name'>>

export interface Measured {
  readonly measures: readonly Measure[]
  readonly prompts: readonly Prompt[]
  /** What could not be read or used. */
  readonly notes: readonly string[]
}

export interface Inputs {
  readonly data: Input | null
  readonly text: Input | null
  readonly choices: Input | null
  readonly examples: Input | null
}

/** Files are opened before the GPU is: most mistakes are there. */
export async function openInputs({ data, text, choices, examples }: EvalArguments): Promise<Inputs> {
  const open = (path: string | null | undefined) => (path == null ? null : openInput(path))
  return {
    data: await open(data?.path),
    text: await open(text),
    choices: await open(choices),
    examples: await open(examples),
  }
}

/** @param models those that will be measured; rewards compare with the first one */
export async function measuresOf(
  args: EvalArguments,
  { data, text, choices, examples }: Inputs,
  models: readonly [Model, ...Model[]],
  context: Context,
): Promise<Measured> {
  const { progress, signal } = context
  const notes: string[] = []
  const note = (told: string) => {
    notes.push(told)
    progress.note(told)
  }
  const told: Told = { signal, progress: { note } }
  const measures: Measure[] = []
  let prompts: readonly Prompt[] = []
  if (data) {
    const set = await setOf(args, data, models, told, context)
    prompts = set.prompts
    const onProgress = (done: number, total: number) =>
      progress.update('evaluate', total === 0 ? 1 : done / total)
    measures.push(({ model, adapter }) =>
      evaluateTraining('', { map: adapter }, { ...set, model }, { signal, onProgress }),
    )
  }
  if (text) {
    const content = await text.blob.text()
    if (content.trim() === '') throw new UsageError(`${text.name}: there is no text in it`)
    const onProgress = (fraction: number) => progress.update('text', fraction)
    measures.push(async ({ model, adapter }) => {
      const { perplexity, word_perplexity, byte_perplexity, bits_per_byte } = await textPerplexity(
        model,
        [content],
        {
          ...{ adapter, signal, onProgress },
        },
      )
      return { metrics: { 'text/perplexity': perplexity, word_perplexity, byte_perplexity, bits_per_byte } }
    })
  }
  if (choices) {
    const questions = await readQuestions(choices, told)
    const solved = examples ? await readQuestions(examples, told) : []
    const onProgress = (fraction: number) => progress.update('choices', fraction)
    measures.push(async ({ model, adapter }) => {
      const { results } = await multipleChoice(model, questions, {
        ...{ adapter, shots: args.shots, examples: solved, signal, onProgress },
      })
      return { metrics: flat(results) }
    })
  }
  return { measures, prompts, notes }
}

async function readQuestions({ blob, name }: Input, { signal, progress }: Told) {
  const { questions, problems } = await usable(readMultipleChoice(blob, { name, signal }))
  const [first] = problems
  if (questions.length === 0)
    throw new UsageError(
      `${name}: none of the ${problems.length} questions can be used; the first ${first?.reason}`,
    )
  if (first)
    progress.note(
      `${name}: ${questions.length} questions read, ${problems.length} not; the first ${first.reason}`,
    )
  return questions
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
  [first, ...others]: readonly [Model, ...Model[]],
  told: Told,
  { progress, signal }: Context,
): Promise<EvaluationSet> {
  const data = await readTrainingData(input, wanted!.kind, told)
  const prepared = (model: Model) => prepareData(model, data, { ...config, evalSplit: 0 })
  const { examples, dropped } = prepared(first)
  const measured = examples.slice(0, limit)
  if (measured.length === 0)
    throw new UsageError(`${input.name}: nothing can be measured: ${dropped[0]?.reason}`)
  if (dropped.length > 0)
    told.progress.note(`${input.name}: ${dropped.length} dropped; the first: ${dropped[0]!.reason}`)
  for (const other of others)
    if (JSON.stringify(prepared(other).examples) !== JSON.stringify(examples))
      throw new UsageError(
        `${input.name} is in other tokens for ${other.name} than for ${first.name}: only models with the same tokenizer, template and context can be compared by it`,
      )
  const loss = makeLoss(config)
  const alone = { network: first.network, map: null }
  const onProgress = (done: number, total: number) => progress.update('reference', done / total)
  return {
    ...{ model: first, loss, examples: measured, maxTokens, seed: config.seed },
    prompts: promptsOf(data, measured).slice(0, answers),
    references: await startingReferences(alone, loss, measured, 'cached', { signal, onProgress }),
    // Where log-probs cannot be known in advance, they are those of the model at the start too.
    reference: { network: first.network, adapter: null },
  }
}
