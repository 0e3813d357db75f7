import type { Exchange } from '../data/row'
import type { LoraMap } from '../models/causal-network'
import type { Model } from '../models/load-model'
import { combinedScorer } from './combined-scorer'
import { type DigitScorerOptions, digitScorer } from './digit-scorer'
import type { Scorer } from './scorer'

const COMPLEXITY =
  'You are a helpful assistant. Please identify the complexity score of the following user query. \n##Query: {instruction}  \n##Complexity: '
const QUALITY =
  'You are a helpful assistant. Please identify the quality score of the Response corresponding to the Question. \n #Question#:\n{instruction}\n#Response#:\n{output} \n##Quality: '

/** Deita's prompt for the complexity of an instruction, character by character. */
export const complexityPrompt = ({ instruction }: Exchange): string => fill(COMPLEXITY, { instruction })

/** Deita's prompt for the quality of an answer, character by character. */
export const qualityPrompt = (exchange: Exchange): string => fill(QUALITY, { ...exchange })

/** Deita's score of an instruction's complexity; see `digitScorer` for how it is read. */
export const complexityScorer = (model: Model, options: DigitScorerOptions = {}): Scorer =>
  digitScorer(model, 'complexity', complexityPrompt, { prefix: constantPart(COMPLEXITY), ...options })

/** Deita's score of an answer's quality; see `digitScorer` for how it is read. */
export const qualityScorer = (model: Model, options: DigitScorerOptions = {}): Scorer =>
  digitScorer(model, 'quality', qualityPrompt, { prefix: constantPart(QUALITY), ...options })

export interface DeitaScorerOptions extends Pick<DigitScorerOptions, 'maxTokens'> {
  /** The adapter that makes the model a complexity scorer. Default: the model as it is. */
  readonly complexity?: LoraMap | null
  /** The adapter that makes the model a quality scorer. Default: the model as it is. */
  readonly quality?: LoraMap | null
}

/**
 * Deita's scorers, https://arxiv.org/abs/2312.15685: complexity of the instruction and quality of the answer.
 *
 * @throws {ScorerError} if the tokenizer has no single token for a digit
 * @throws {ModelError} if `maxTokens` exceeds the model's context
 */
export const deitaScorer = (
  model: Model,
  { complexity = null, quality = null, ...options }: DeitaScorerOptions = {},
): Scorer => ({
  ...combinedScorer(
    complexityScorer(model, { adapter: complexity, ...options }),
    qualityScorer(model, { adapter: quality, ...options }),
  ),
  name: 'deita',
})

/** What a template begins with, up to its first field. */
const constantPart = (template: string) => template.slice(0, template.indexOf('{'))

/** Fills fields in one pass, so that text in one field that looks like another field stays text. */
function fill(template: string, fields: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (all, name: string) => fields[name] ?? all)
}
