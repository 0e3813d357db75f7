import type { LabelledAnswer } from '../data/labelled'
import type { Pair, Row } from '../data/row'
import type { Tokenizer } from '../io/tokenizer'
import { counterHash } from '../losses/draw'
import { complexityPrompt, qualityPrompt } from '../scoring/deita'
import { encodeScored } from '../scoring/encode-scored'
import { type DataReport, dataReport, type Encoded } from '../training/data-report'
import { encodeLabelled } from '../training/encode-labelled'
import { encodePairs } from '../training/encode-pairs'
import { encodeRows } from '../training/encode-rows'
import type { Example } from '../training/examples'
import { keepEnd, keepStart, promptFirst, proportional, type Truncation } from '../training/truncation'
import { ConfigError } from './config-error'
import { jobTemplates } from './job-templates'
import type { Method } from './named-losses'
import type { TrainingConfig } from './training-fields'

/** What a run learns from: rows for `sft` and `scorer`, pairs for `preference`, labelled answers for `labelled`. */
export type TrainingData =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'pairs'; readonly pairs: readonly Pair[] }
  | { readonly kind: 'labelled'; readonly answers: readonly LabelledAnswer[] }

/** What a method learns from. */
export const dataOf: Readonly<Record<Method, TrainingData['kind']>> = {
  sft: 'rows',
  scorer: 'rows',
  preference: 'pairs',
  labelled: 'labelled',
}

/** An example that is left out, and why. */
export interface LeftOut {
  readonly index: number
  readonly cause: string
  readonly reason: string
}

/** Data as tokens, divided into what is trained on and what is held out. */
export interface PreparedData {
  readonly examples: readonly Example[]
  /** Not trained on; may be empty. */
  readonly heldOut: readonly Example[]
  readonly dropped: readonly LeftOut[]
  /** Of all of them. */
  readonly report: DataReport
  /** Most tokens of an example: the config's, or the model's context where that is less. */
  readonly maxLength: number
  /** What was done otherwise than the config says, because of the model. */
  readonly notes: readonly string[]
}

/** What data is prepared for. */
export interface PreparedFor {
  readonly tokenizer: Tokenizer
  readonly network: { readonly maxPositions: number }
}

/**
 * Data in tokens for a run. Which examples are held out depends on the seed and their places in the file alone.
 *
 * @throws {ConfigError} for data of another kind than the config's method learns from, and for a single answer to train
 *   on where the loss compares several
 * @throws {TokenizerError} if there is no chat template, or none for this tokenizer
 * @throws {ScorerError} for grades that are none
 */
export function prepareData(model: PreparedFor, data: TrainingData, config: TrainingConfig): PreparedData {
  const { lengths, notes } = fittedLengths(config, model.network)
  const encoded = encode(model.tokenizer, data, { ...config, ...lengths })
  const examples: readonly Example[] =
    'pairs' in encoded ? encoded.pairs : 'sequences' in encoded ? encoded.sequences : encoded.answers
  const held = heldOut(examples, config)
  const trained = examples.filter(({ index }) => !held.has(index))
  if (trained.length === 1 && comparesAnswers(config))
    throw new ConfigError(
      `the loss kto compares an answer with the prompt of another, and of ${examples.length} only one is to be trained on; lower evalSplit, or give more`,
      'evalSplit',
    )
  return {
    examples: trained,
    heldOut: examples.filter(({ index }) => held.has(index)),
    dropped: encoded.dropped,
    report: dataReport(encoded),
    maxLength: lengths.maxLength,
    notes,
  }
}

/** Lengths of a config, where they are more than a model's context lowered to it, and by the same share. */
function fittedLengths(
  { maxLength, promptKeep }: TrainingConfig,
  { maxPositions }: PreparedFor['network'],
): { readonly lengths: Pick<TrainingConfig, 'maxLength' | 'promptKeep'>; readonly notes: readonly string[] } {
  const keep = promptKeep === undefined ? {} : { promptKeep }
  if (maxLength <= maxPositions) return { lengths: { maxLength, ...keep }, notes: [] }
  const fitted = Math.max(1, Math.floor(((promptKeep ?? 0) * maxPositions) / maxLength))
  const also = promptKeep === undefined ? '' : `, and promptKeep from ${promptKeep} to ${fitted}`
  return {
    lengths: { maxLength: maxPositions, ...(promptKeep === undefined ? {} : { promptKeep: fitted }) },
    notes: [`maxLength is lowered from ${maxLength} to ${maxPositions}, the context of the model${also}`],
  }
}

/** Whether the loss compares answers with prompts of others, so that one alone has no value. */
const comparesAnswers = ({ loss }: TrainingConfig): boolean => loss.some(({ name }) => name === 'kto')

function encode(tokenizer: Tokenizer, data: TrainingData, config: TrainingConfig): Encoded {
  const { method, maxLength, template } = config
  if (data.kind !== dataOf[method])
    throw new ConfigError(
      `the method ${method} learns from ${dataOf[method]}, and the data is ${data.kind}`,
      'method',
    )
  if (data.kind === 'rows' && method === 'scorer') {
    const prompt = config.grade === 'complexity' ? complexityPrompt : qualityPrompt
    return encodeScored(tokenizer, data.rows, { prompt, label: config.gradeColumn!, maxLength })
  }
  const options = {
    maxLength,
    truncation: truncationOf(config),
    ...(template ? { template: jobTemplates[template]! } : {}),
  }
  if (data.kind === 'rows') return encodeRows(tokenizer, data.rows, { ...options, train: config.train! })
  return data.kind === 'pairs'
    ? encodePairs(tokenizer, data.pairs, options)
    : encodeLabelled(tokenizer, data.answers, options)
}

function truncationOf({ truncation, promptKeep }: TrainingConfig): Truncation {
  const kinds: Record<NonNullable<typeof truncation>, () => Truncation> = {
    'keep-start': keepStart,
    'keep-end': keepEnd,
    'prompt-first': () => promptFirst({ keep: promptKeep! }),
    proportional,
  }
  return kinds[truncation!]()
}

/** Keys of the draw of held-out examples, so that no other draw is alike. */
const HELD_OUT = 0x4e1d

/** Places in the file of the examples that are held out, ⌊share · number⌋ of them; none in place of a useless one. */
function heldOut(examples: readonly Example[], config: TrainingConfig): ReadonlySet<number> {
  const { evalSplit, seed } = config
  const places = [...new Set(examples.map(({ index }) => index))]
  const keys = new Map(places.map(place => [place, counterHash(seed, HELD_OUT, place)]))
  const drawn = [...places].sort((a, b) => keys.get(a)! - keys.get(b)! || a - b)
  const number = Math.floor(evalSplit * places.length)
  return new Set(drawn.slice(0, number === 1 && comparesAnswers(config) ? 0 : number))
}
