import { join } from 'node:path'
import {
  type Budget,
  budgetFor,
  columnNumbers,
  columnScorer,
  columnsOf,
  columnVectors,
  EMBEDDING,
  type Embedder,
  type JoinedParts,
  jobIdentity,
  joinParts,
  product,
  readRows,
  rowText,
  type Scorer,
  scoreByRanks,
  select as selectRows,
  textVectors,
  type Vectors,
} from '../index'
import type { Command, Context } from './command'
import { embedders } from './embedders'
import { writeWhole } from './files'
import { type Input, openInput } from './input'
import { Machine } from './machine'
import { UsageError } from './options'
import { firstRow, type OpenPart, openParts, readPart } from './pool-parts'
import { openScorer, scorers } from './scorers'
import { readSelectArguments, type SelectArguments, selectUsage } from './select-arguments'
import { bytesOf, type Decided, keptContent, writeSelection } from './selection-files'
import { toStandardOutput } from './standard-output'
import type { Target } from './strategies'
import { TextStore } from './text-store'

export const select: Command = {
  summary: 'keep the rows that are worth training on',
  usage: selectUsage,
  read(argv) {
    const args = readSelectArguments(argv)
    return context => runSelect(args, context)
  },
}

async function runSelect(args: SelectArguments, context: Context): Promise<boolean> {
  const { progress, signal } = context
  const parts = await openParts(args.inputs, args.reading, signal)
  const wanted = args.target === null ? null : await openInput(args.target)
  // What cannot be done is refused before anything is computed.
  await firstRow(parts)
  if (args.writing.gzip && (args.writing.container ?? parts[0]!.rows.container) === 'parquet')
    throw new UsageError('--gzip is for text: Parquet packs its own pages')
  using machine = new Machine(args.model, context)
  using texts = await TextStore.open()
  try {
    const pool = await readPool(args, parts, texts, machine, context)
    progress.note(`pool: ${pool.rows.length} rows read, ${pool.problems.length} not`)
    const { vectors, embedder } = await vectorsOf(args, parts, pool, machine)
    const target = await targetOf(args, wanted, embedder, signal)
    const budget = args.budget ?? usualBudget(args, pool.rows.length)
    const selector = args.strategy.make({ ...args.options, budget, target })
    const selection = await selectRows({ items: pool.rows, ...(vectors ? { vectors } : {}) }, selector, {
      signal,
      onProgress: ({ decided, total }) => progress.update('select', decided / total),
    })
    const decided: Decided = { parts, pool, outcomes: selection.outcomes }
    progress.note(`selected ${selection.kept.length} rows`)
    if (args.out === '-') await toStandardOutput(await bytesOf(await keptContent(decided, args.writing)))
    else await writeResults(args, decided, wanted, machine)
  } catch (error) {
    if (!signal.aborted) throw error
    progress.done()
    return false
  }
  progress.done()
  return true
}

/** What the pool is like, where the strategy asks for it. Its vectors are of the kind that the pool's are. */
async function targetOf(
  { strategy }: SelectArguments,
  target: Input | null,
  embedder: Embedder | null,
  signal: AbortSignal,
): Promise<Target> {
  if (!target) return { texts: [], vectors: null, embedder }
  const { blob, name } = target
  const { rows } = await readRows(blob, { name, signal })
  const texts = rows.map(rowText)
  if (!strategy.vectors || embedder) return { texts, vectors: null, embedder }
  const vectors = rows.map(row => {
    const vector = columnNumbers(row.raw, EMBEDDING)
    if (Array.isArray(vector)) return vector as readonly number[]
    throw new UsageError(
      `${name}: row ${row.index} has no embedding, and the vectors of the pool are from such a column`,
    )
  })
  return { texts, vectors, embedder }
}

/** Lengths as `score` gives them. */
const noSpecials = { addSpecialTokens: false } as const

const usualBudget = ({ strategy }: SelectArguments, rows: number): Budget =>
  strategy.usual === 'all' ? Infinity : budgetFor({ budget: null }, rows)

const isInTokens = (budget: Budget | null) =>
  typeof budget === 'object' && budget !== null && 'tokens' in budget

async function readPool(
  args: SelectArguments,
  parts: readonly OpenPart[],
  texts: TextStore,
  machine: Machine,
  context: Context,
): Promise<JoinedParts> {
  const { combine, strategy, source, budget } = args
  const named = scorers[args.scorer ?? strategy.scorer]!
  const [keys, reduce] = [args.keys ?? named.keys, args.reduce ?? named.reduce]
  using scorer = await scorerOf(args, keys, parts, machine, context)
  const tokenizer = strategy.tokens || isInTokens(budget) ? await machine.tokenizer() : null
  const pooling = {
    texts,
    vectors: strategy.vectors && args.embedder === null,
    ...(source === null ? {} : { sourceField: source }),
    ...(tokenizer ? { countTokens: (text: string) => tokenizer.encode(text, noSpecials).length } : {}),
  }
  const rowScore = { reduce, combine: combine === 'rank' ? product : combine }
  const read = []
  for (const part of parts) read.push(await readPart(part, scorer.scorer, rowScore, pooling, context))
  const pool = joinParts(read, texts)
  if (combine === 'rank' && scorer.scorer) scoreByRanks(pool.rows, keys, reduce)
  return pool
}

/** The scorer that the strategy needs: of columns where the rows have them, unless another was asked for. */
async function scorerOf(
  { strategy, scorer, keys: asked }: SelectArguments,
  keys: readonly string[],
  parts: readonly OpenPart[],
  machine: Machine,
  { progress }: Context,
): Promise<Disposable & { readonly scorer: Scorer | null }> {
  const nothing = { scorer: null, [Symbol.dispose]() {} }
  if (strategy.scores === 'none') return nothing
  if (scorer === null) {
    const columns = columnsOf((await firstRow(parts)).raw, keys)
    if (columns) return { ...nothing, scorer: columnScorer(columns) }
    if (asked !== null)
      throw new UsageError(`${parts[0]!.input.name}: its first row has no columns for ${asked.join(', ')}`)
    if (strategy.scores === 'optional') return nothing
  }
  return openScorer(scorer ?? strategy.scorer, machine, progress)
}

async function vectorsOf(
  { strategy, embedder: name }: SelectArguments,
  parts: readonly OpenPart[],
  { rows }: JoinedParts,
  machine: Machine,
): Promise<{ readonly vectors: Vectors | null; readonly embedder: Embedder | null }> {
  if (!strategy.vectors) return { vectors: null, embedder: null }
  const isEmbedded = columnsOf((await firstRow(parts)).raw, [EMBEDDING]) !== null
  if (name === null && isEmbedded) {
    return { vectors: columnVectors(await machine.gpu(), rows, EMBEDDING), embedder: null }
  }
  const embedder = await embedders[name ?? 'hashed-ngrams']!.open(machine)
  return { vectors: textVectors(embedder), embedder }
}

async function writeResults(
  { out, typed, writing }: SelectArguments,
  decided: Decided,
  wanted: Input | null,
  machine: Machine,
): Promise<void> {
  const outputs = await writeSelection(out, decided, writing)
  const identity = jobIdentity({
    ...(await machine.used()),
    options: { command: 'select', ...typed },
    inputs: [...decided.parts.map(({ input }) => input), ...(wanted ? [wanted] : [])].map(
      ({ digest }) => digest,
    ),
  })
  await writeWhole(join(out, 'manifest.json'), `${JSON.stringify({ ...identity, outputs }, null, 2)}\n`)
}
