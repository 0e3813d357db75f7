import {
  type ChatTemplate,
  type ChatTurn,
  type PieceOptions,
  TemplateError,
  type TemplatePiece,
  type TemplateTokens,
  wellFormed,
} from './chat-template'

export type TurnRole = 'system' | 'user' | 'assistant'

/** The parts of one turn. */
export interface TurnText {
  readonly header: string
  /** What was written, as the template has it: some trim it, some put a space before it. */
  readonly content: string
  /** Ends the turn; an assistant's is trained. */
  readonly end: string
  /** Stands between this turn and the next. */
  readonly separator?: string
}

/** A template that writes one turn after the other. */
export interface TurnFormat {
  readonly name: string
  /** Before everything. */
  readonly begin: string
  readonly endOfTurn: string
  readonly stop: readonly string[]
  /** The header of an answer. */
  readonly generationPrompt: string
  /** Written where a conversation does not begin with a system turn. */
  readonly system: string | null
  /** Whether system text has one place, the first, and user and assistant take turns after it. */
  readonly strict: boolean
  turn(role: TurnRole, content: string): TurnText
}

/** Tokens that a format writes. */
export interface FormatTokens {
  readonly bos: string
  readonly eos: string
}

/**
 * A template of a format. `usual` are the tokens of the models that it was made for, written until the template is
 * `for` a tokenizer; `eos` stands for every tokenizer's, where it is given.
 */
export function turnTemplate(
  format: (tokens: FormatTokens) => TurnFormat,
  usual: FormatTokens,
  eos: string | null = null,
): ChatTemplate {
  const withTokens = (tokens: FormatTokens, begin?: string): ChatTemplate => {
    const own = format(tokens)
    return fromFormat(
      begin === undefined ? own : { ...own, begin },
      ({ bosToken, eosToken, addsBos, tokenId }) => {
        const end = eos ?? eosToken
        if (end === null)
          throw new TemplateError(
            `${own.name}: the tokenizer has no end-of-sequence token; name one of its tokens, as in ` +
              `${own.name}({ eos: '<|endoftext|>' })`,
          )
        const bos = bosToken ?? ''
        const bound = format({ bos, eos: end })
        if (tokenId(bound.endOfTurn) === null)
          throw new TemplateError(
            `${own.name}: the end of a turn, '${bound.endOfTurn}', is not a token of this tokenizer; ` +
              'use a template that ends turns with the tokenizer’s own eos: vicuna, tulu, zephyr or alpaca',
          )
        return withTokens({ bos, eos: end }, bound.begin === '' && addsBos ? bos : bound.begin)
      },
    )
  }
  return withTokens({ ...usual, eos: eos ?? usual.eos })
}

function fromFormat(format: TurnFormat, bind: (tokens: TemplateTokens) => ChatTemplate): ChatTemplate {
  const pieces: ChatTemplate['pieces'] = (turns, options = {}) => piecesOf(format, turns, options)
  return {
    name: format.name,
    endOfTurn: format.endOfTurn,
    stop: format.stop,
    pieces,
    render: (turns, options) =>
      pieces(turns, options)
        .map(({ text }) => text)
        .join(''),
    for: bind,
  }
}

function piecesOf(
  format: TurnFormat,
  turns: readonly ChatTurn[],
  { addGenerationPrompt = false, answers = true }: PieceOptions,
): TemplatePiece[] {
  const roles = turns.map((turn, i) => roleOf(format, turns, turn, i))
  const ownText = (text: string, turn: number | null, trained = false) => ({
    text,
    turn,
    trained,
    literal: false,
  })
  const pieces: TemplatePiece[] = [ownText(format.begin, null)]
  const add = (role: TurnRole, content: string, turn: number | null) => {
    const trained = answers && role === 'assistant'
    const parts = format.turn(role, wellFormed(content))
    pieces.push(
      ownText(parts.header, turn),
      { text: parts.content, turn, trained, literal: true },
      ownText(parts.end, turn, trained),
    )
    const last = turn === turns.length - 1
    if (parts.separator !== undefined && !last) pieces.push(ownText(parts.separator, turn))
  }
  if (format.system !== null && roles[0] !== 'system') add('system', format.system, null)
  for (const [i, { content }] of turns.entries()) add(roles[i]!, content, i)
  if (addGenerationPrompt) pieces.push(ownText(format.generationPrompt, null))
  return pieces.filter(({ text }) => text !== '')
}

function roleOf(
  { name, strict }: TurnFormat,
  turns: readonly ChatTurn[],
  { role }: ChatTurn,
  i: number,
): TurnRole {
  if (role !== 'system' && role !== 'user' && role !== 'assistant')
    throw new TemplateError(
      `${name}: turn ${i} has the role '${role}'; the template has places for system, user and assistant`,
    )
  if (!strict) return role
  if (role === 'system' && i > 0)
    throw new TemplateError(
      `${name}: turn ${i} has the role 'system', which has its place before all others only`,
    )
  const first = turns[0]!.role === 'system' ? 1 : 0
  const wanted = i < first ? 'system' : (i - first) % 2 === 0 ? 'user' : 'assistant'
  if (role !== wanted)
    throw new TemplateError(
      `${name}: turn ${i} has the role '${role}', expected '${wanted}': user and assistant take turns, the user first`,
    )
  return role
}
