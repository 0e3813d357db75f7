import {
  type ChatTemplate,
  type ChatTurn,
  TemplateError,
  type TemplatePiece,
  wellFormed,
} from './chat-template'
import { numberName, type SpecialTexts, unusedName } from './special-texts'
import { TokenizerError } from './tokenizer-error'

/** A Jinja template and what is needed to write conversations with it. */
export interface JinjaTemplate {
  readonly name: string
  readonly source: string
  readonly endOfTurn: string
  readonly special: SpecialTexts
  /** What a template makes of turns. Throws where it refuses them. */
  render(source: string, turns: readonly ChatTurn[], addGenerationPrompt: boolean): string
}

/** The template that a model brings along. What it writes of an answer is found as `answerSpans` says. */
export function jinjaTemplate(jinja: JinjaTemplate): ChatTemplate {
  const marks = markAnswers(jinja.source)
  const render: ChatTemplate['render'] = (turns, { addGenerationPrompt = false } = {}) =>
    jinja.render(jinja.source, turns, addGenerationPrompt)
  const template: ChatTemplate = {
    name: jinja.name,
    endOfTurn: jinja.endOfTurn,
    stop: jinja.endOfTurn === '' ? [] : [jinja.endOfTurn],
    render,
    pieces(turns, { addGenerationPrompt = false, answers = true } = {}) {
      const hidden = new HiddenTexts(jinja.special)
      const guarded = turns.map(({ role, content }) => ({ role, content: hidden.hide(wellFormed(content)) }))
      const [text, spans] = answers
        ? answerSpans(jinja, marks, guarded, addGenerationPrompt)
        : ([render(guarded, { addGenerationPrompt }), []] as const)
      const pieces: TemplatePiece[] = []
      let end = 0
      const add = (begin: number, to: number, turn: number | null, trained: boolean) => {
        for (const part of hidden.show(text.slice(begin, to))) pieces.push({ ...part, turn, trained })
        end = to
      }
      for (const { begin, end: to, turn } of spans) {
        add(end, begin, null, false)
        add(begin, to, turn, true)
      }
      add(end, text.length, null, false)
      return pieces.filter(piece => piece.text !== '')
    },
    for: () => template,
  }
  return template
}

/** Characters of a text that an answer's turn consists of, but for its header. */
interface Span {
  readonly begin: number
  readonly end: number
  readonly turn: number
}

/**
 * A conversation and the spans of its answers in order: those that the template itself marks with `{% generation %}`,
 * else found by writing it again with less, or other, text.
 */
function answerSpans(
  jinja: JinjaTemplate,
  marks: Marks | null,
  turns: readonly ChatTurn[],
  addGenerationPrompt: boolean,
): readonly [string, readonly Span[]] {
  const answers = turns.flatMap(({ role }, i) => (role === 'assistant' ? [i] : []))
  if (marks) return markedSpans(jinja, marks, turns, answers, addGenerationPrompt)
  const text = jinja.render(jinja.source, turns, addGenerationPrompt)
  let end = 0
  const spans = answers.map(turn => {
    const span = comparedSpan(jinja, turns, turn, text, addGenerationPrompt)
    if (!span || span.begin < end)
      throw new TemplateError(
        `${jinja.name}: the chat template does not write the answer of turn ${turn} where it can be told from the ` +
          'rest; use a template that marks it with {% generation %}, or a named one such as chatml()',
      )
    end = span.end
    return span
  })
  return [text, spans]
}

/** A template that writes a name where each answer begins, with `y` behind it, and where each ends, with `z`. */
interface Marks {
  readonly source: string
  readonly name: string
}

/** Made once for a template: the library keeps whatever it has compiled. */
function markAnswers(source: string): Marks | null {
  if (!/\{%-?\s*generation\s*-?%\}/.test(source)) return null
  const name = unusedName()
  // White space is cut as the block's own dashes say: the marks stand where the block's text begins and ends.
  const marked = source.replace(
    /\{%(-?)\s*(end)?generation\s*(-?)%\}/g,
    (_, left: string, end: string | undefined, right: string) =>
      `{%${left} if true %}{{ '${name}${end ? 'z' : 'y'}' }}{% endif ${right}%}`,
  )
  return { source: marked, name }
}

function markedSpans(
  jinja: JinjaTemplate,
  { source, name }: Marks,
  turns: readonly ChatTurn[],
  answers: readonly number[],
  addGenerationPrompt: boolean,
): readonly [string, readonly Span[]] {
  const parts = jinja.render(source, turns, addGenerationPrompt).split(new RegExp(`${name}([yz])`))
  // One answer may be marked in parts, such as its end by itself; between two answers there is a header.
  let text = parts[0]!
  let begin = 0
  const found: [number, number][] = []
  for (let i = 1; i < parts.length; i += 2) {
    if (parts[i] === 'y') begin = text.length
    else if (found.length > 0 && found.at(-1)![1] === begin) found.at(-1)![1] = text.length
    else found.push([begin, text.length])
    text += parts[i + 1]!
  }
  if (found.length !== answers.length)
    throw new TemplateError(
      `${jinja.name}: the chat template marks ${found.length} answers with {% generation %}, ` +
        `the conversation has ${answers.length}`,
    )
  return [text, found.map(([from, end], i) => ({ begin: from, end, turn: answers[i]! }))]
}

/**
 * The span of one answer: from the end of the generation prompt, if the text goes on from there, else from the answer
 * itself; to the end of what the template writes behind a last answer, if that also stands behind this one, else to
 * the answer's end. Another answer in its place shows where that is: the text behind it does not depend on it.
 */
function comparedSpan(
  { source, render }: JinjaTemplate,
  turns: readonly ChatTurn[],
  turn: number,
  text: string,
  addGenerationPrompt: boolean,
): Span | null {
  const other = unusedName()
  const replaced = turns.map((each, i) => (i === turn ? { ...each, content: other } : each))
  const written = render(source, replaced, addGenerationPrompt)
  const place = written.indexOf(other)
  if (place < 0 || written.includes(other, place + 1)) return null
  const behind = written.slice(place + other.length)
  if (!text.endsWith(behind)) return null

  const attempt = (some: readonly ChatTurn[], prompt: boolean) => {
    try {
      return render(source, some, prompt)
    } catch (error) {
      // Fewer turns may be refused where all are taken.
      if (error instanceof TokenizerError) return null
      throw error
    }
  }
  const prompt = attempt(turns.slice(0, turn), true)
  const contentEnd = text.length - behind.length
  const goesOn = prompt !== null && prompt.length <= contentEnd && text.startsWith(prompt)
  if (!goesOn && text.slice(0, place) !== written.slice(0, place)) return null
  const begin = goesOn ? prompt.length : place
  if (contentEnd < begin) return null

  const alone = attempt(replaced.slice(0, turn + 1), false) ?? ''
  const closing = alone.slice(alone.lastIndexOf(other) + other.length)
  const closed = alone.includes(other) && behind.startsWith(closing)
  return { begin, end: contentEnd + (closed ? closing.length : 0), turn }
}

/** Takes special tokens out of what people wrote, so that the template's own can be told from them. */
class HiddenTexts {
  readonly #name = unusedName()
  readonly #texts: string[] = []

  constructor(readonly special: SpecialTexts) {}

  hide(content: string): string {
    return this.special.replace(content, text => `${this.#name}${numberName(this.#texts.push(text) - 1)}z`)
  }

  /** The text as it was, the hidden parts as pieces of their own. */
  show(text: string): { text: string; literal: boolean }[] {
    if (this.#texts.length === 0) return [{ text, literal: false }]
    const names = new Map(this.#texts.map((hidden, i) => [numberName(i), hidden]))
    return text
      .split(new RegExp(`${this.#name}([a-y]+)z`))
      .map((part, i) =>
        i % 2 === 0 ? { text: part, literal: false } : { text: names.get(part)!, literal: true },
      )
  }
}
