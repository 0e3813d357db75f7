import type { Turn } from '../data/row'
import { type ChatTemplate, TemplateError, type TemplatePiece } from '../io/chat-template'
import { type Tokenizer, TokenizerError } from '../io/tokenizer'
import { modelTemplate } from '../io/with-template'
import type { EncodedAnswer } from '../models/answer-batch'
import type { Drop } from './dropped'
import { TrainingError } from './errors'
import { checkMaxLength, keepStart, type Truncation } from './truncation'

export interface AnswerOptions {
  /** Tokens of prompt and answer together. */
  readonly maxLength?: number
  /** Default: the model's own. */
  readonly template?: ChatTemplate
  /** What longer ones keep. Default: their start. */
  readonly truncation?: Truncation
  /**
   * Whether special tokens that somebody wrote in a turn are text, split into tokens as other text is. Without it they
   * become special tokens, as in TRL: an answer that spells `</s>` then ends there.
   */
  readonly splitSpecialTokens?: boolean
}

/** Answers to one prompt. */
export interface EncodedAnswers {
  readonly answers: readonly EncodedAnswer[]
  /** Whether any of them was cut to fit. */
  readonly truncated: boolean
}

/** Tokens before they are cut. */
interface Parts {
  readonly prompt: readonly number[]
  readonly answers: readonly (readonly number[])[]
}

/**
 * Encodes answers to a prompt, or says why it cannot. Template and options are looked at once, here.
 *
 * @param names what to call the answers where they are left out
 * @throws {TokenizerError} if there is no template, or none for this tokenizer
 * @throws {TrainingError} if `maxLength` is no whole number of at least 2
 */
export function answerEncoder(
  tokenizer: Tokenizer,
  names: readonly string[],
  { maxLength = 1024, template, truncation = keepStart(), splitSpecialTokens = true }: AnswerOptions,
): (prompt: readonly Turn[], contents: readonly string[]) => EncodedAnswers | Drop {
  checkMaxLength(maxLength)
  const bound = template ? template.for(tokenizer) : modelTemplate(tokenizer)
  const encode = (pieces: readonly TemplatePiece[]) =>
    tokenizer.encodePieces(pieces, { splitSpecialTokens }).ids
  return (prompt, contents) => {
    const rendered = attempt(() => renderAnswers(bound, prompt, contents))
    if ('cause' in rendered) return rendered
    const parts = attempt(() => tokenize(rendered, encode))
    return 'cause' in parts ? parts : cutAnswers(parts, names, truncation, maxLength)
  }
}

/** What `run` gives, or why turns or text were refused: one such example must not stop a job. */
export function attempt<T>(run: () => T): T | Drop {
  try {
    return run()
  } catch (error) {
    if (error instanceof TemplateError) return { cause: 'template refuses it', reason: error.message }
    if (error instanceof TokenizerError) return { cause: 'tokenizer refuses it', reason: error.message }
    if (error instanceof TrainingError) return { cause: 'no answer token', reason: error.message }
    throw error
  }
}

interface Rendered {
  /** The prompt up to where an answer begins. */
  readonly prompt: readonly TemplatePiece[]
  /** The prompt with each answer. */
  readonly whole: readonly (readonly TemplatePiece[])[]
}

const textOf = (pieces: readonly TemplatePiece[]) => pieces.map(({ text }) => text).join('')

function renderAnswers(
  template: ChatTemplate,
  prompt: readonly Turn[],
  contents: readonly string[],
): Rendered | Drop {
  const answered = contents.map(content => [...prompt, { role: 'assistant', content }])
  const whole = answered.map(turns => template.pieces(turns, { answers: false }))
  const begun = template.pieces(prompt, { addGenerationPrompt: true, answers: false })
  const text = textOf(begun)
  if (whole.every(pieces => textOf(pieces).startsWith(text))) return { prompt: begun, whole }
  // Some templates write more where an answer is to come, such as the beginning of a thought, than where it is there.
  const before = answered.map(turns => {
    const pieces = template.pieces(turns)
    return pieces.slice(
      0,
      pieces.findIndex(piece => piece.trained && piece.turn === prompt.length),
    )
  })
  const [first = []] = before
  if (before.every(pieces => textOf(pieces) === textOf(first))) return { prompt: first, whole }
  return {
    cause: 'template refuses it',
    reason: 'the chat template writes the prompt otherwise for each answer',
  }
}

function tokenize(
  { prompt, whole }: Rendered,
  encode: (pieces: readonly TemplatePiece[]) => number[],
): Parts {
  const promptIds = encode(prompt)
  const { length } = textOf(prompt)
  const answers = whole.map(pieces => {
    const ids = encode(pieces)
    // A tokenizer that puts a space before each text would also put one before an answer that is tokenized apart.
    if (promptIds.every((id, t) => ids[t] === id)) return ids.slice(promptIds.length)
    return encode(piecesFrom(pieces, length))
  })
  return { prompt: promptIds, answers }
}

/** The pieces without the first `length` characters. */
function piecesFrom(pieces: readonly TemplatePiece[], length: number): TemplatePiece[] {
  let begin = length
  return pieces.flatMap(piece => {
    const text = piece.text.slice(begin)
    begin = Math.max(0, begin - piece.text.length)
    return text === '' ? [] : [{ ...piece, text }]
  })
}

function cutAnswers(
  { prompt, answers }: Parts,
  names: readonly string[],
  truncation: Truncation,
  maxLength: number,
): EncodedAnswers | Drop {
  const longest = Math.max(...answers.map(({ length }) => length))
  const encoded: EncodedAnswer[] = []
  let truncated = false
  for (const [i, answer] of answers.entries()) {
    const kept = truncation.cut({ prompt: prompt.length, answer: answer.length, longest }, maxLength)
    const before = prompt.slice(...kept.prompt)
    const ids = Uint32Array.from([...before, ...answer.slice(...kept.answer)])
    // Nothing predicts the first token of all.
    const answerBegin = Math.max(1, before.length)
    if (ids.length <= answerBegin)
      return noToken(names[i]!, prompt.length, answer.length, truncation, maxLength)
    truncated ||= ids.length < prompt.length + answer.length
    encoded.push({ ids, answerBegin })
  }
  return { answers: encoded, truncated }
}

function noToken(
  name: string,
  prompt: number,
  answer: number,
  { name: rule }: Truncation,
  maxLength: number,
): Drop {
  if (answer === 0) return { cause: 'no answer token', reason: `the ${name} has no token` }
  if (prompt >= maxLength)
    return {
      cause: 'prompt too long',
      reason: `the prompt alone has ${prompt} tokens, the limit is ${maxLength}`,
    }
  return {
    cause: 'no answer token',
    reason: `${rule} leaves no token of the ${name} that another predicts: it has ${answer}, the prompt ${prompt}, the limit is ${maxLength}`,
  }
}
