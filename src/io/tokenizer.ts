import {
  type ChatTemplate,
  type ChatTurn,
  type RenderOptions,
  TemplateError,
  wellFormed,
} from './chat-template'
import { type EncodedPieces, encodePieces, type TextPiece } from './encode-pieces'
import { generationTokens, knownIds, templateEnd } from './end-ids'
import type { ModelFiles } from './model-files'
import { jinjaTemplate } from './model-template'
import { renderJinja } from './render-jinja'
import { SpecialTexts } from './special-texts'
import { TokenizerError } from './tokenizer-error'
import { type Json, readJson, reasonOf } from './tokenizer-json'
import { type InnerTokenizer, libraryTokenizer } from './tokenizer-library'

export { TokenizerError }

export interface Tokenizer {
  /** One more than the largest id of the vocabulary. */
  readonly size: number
  readonly bosId: number | null
  readonly eosId: number | null
  readonly bosToken: string | null
  readonly eosToken: string | null
  /** Whether the BOS stands before every text that is encoded with special tokens. */
  readonly addsBos: boolean
  /**
   * Ids that end an answer, each once: the eos, those that generation_config.json names, and the token that the chat
   * template writes after an assistant's turn.
   */
  readonly endIds: readonly number[]
  /**
   * Ids of the text, with the tokens that the tokenizer puts around every text unless `addSpecialTokens` is false.
   * Half a surrogate pair alone is read as U+FFFD.
   */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[]
  /**
   * Ids of the pieces' joined text, without special tokens around it, and which of them are of trained pieces. In
   * literal pieces the texts of special tokens are text, unless `splitSpecialTokens` is false, as in transformers.
   */
  encodePieces(pieces: readonly TextPiece[], options?: { splitSpecialTokens?: boolean }): EncodedPieces
  /**
   * Text of the ids; special tokens are written out unless `skipSpecialTokens` is true. With byte fallback the
   * library differs from Python in two rare ways: bytes cut off inside a character give one U+FFFD instead of one
   * each, and U+FEFF is dropped.
   */
  decode(ids: readonly number[], options?: { skipSpecialTokens?: boolean }): string
  /** The id of an exact entry of the vocabulary, or null. */
  tokenId(token: string): number | null
  readonly hasChatTemplate: boolean
  /** The model's chat template, or the one it was given; null where `hasChatTemplate` is false. */
  readonly template: ChatTemplate | null
  /**
   * The conversation as the chat template writes it; encode it with `addSpecialTokens: false`. Throws
   * `TokenizerError` when the model has no template, and when the template refuses the turns.
   */
  chat(turns: readonly ChatTurn[], options?: RenderOptions): string
}

/**
 * The tokenizer of a Hugging Face folder, from `tokenizer.json`, `tokenizer_config.json` and, where there is one,
 * `chat_template.jinja` and `generation_config.json`. Nothing is fetched but through `files`. Throws `TokenizerError`.
 */
export async function loadTokenizer(files: ModelFiles): Promise<Tokenizer> {
  const json = await readJson(files, 'tokenizer.json')
  const config = plainTokens(await readJson(files, 'tokenizer_config.json'))
  const templateFile = 'chat_template.jinja'
  // As in Python, a template in its own file wins.
  if (await files.has(templateFile)) config.chat_template = await files.text(templateFile)
  // The first models name their special tokens in a file of their own, and GPT-2 only by their ids.
  const tokensFile = 'special_tokens_map.json'
  const older = (await files.has(tokensFile)) ? plainTokens(await readJson(files, tokensFile)) : {}
  for (const key of ['bos_token', 'eos_token', 'unk_token', 'pad_token'])
    complete(config, key, () => older[key])
  const generation = await generationTokens(files)
  const { inner, specialTexts, beginsSpecial, addedIds, literal } = await libraryTokenizer(
    json,
    config,
    files.name,
  )

  const ids = inner.get_vocab()
  const tokenAt = (id: number | null | undefined) => [...ids].find(entry => entry[1] === id)?.[0]
  complete(config, 'bos_token', () => tokenAt(generation.bosId))
  complete(config, 'eos_token', () => tokenAt(generation.endIds[0]))
  let size = 0
  for (const [token, id] of ids) if (token !== undefined) size = Math.max(size, id + 1)
  // Python ignores the clean-up for BPE, where it would drop spaces that the text had.
  const cleanUp =
    config.clean_up_tokenization_spaces === true && (json.model as Json | undefined)?.type !== 'BPE'
  const tokenId = (token: string) => ids.get(token) ?? null
  const source = templateSource(inner)

  const bosId = idOf('bos_token')
  const eosId = idOf('eos_token')

  const encodeWith = (library: typeof inner, text: string, addSpecialTokens: boolean): number[] => {
    const encoded: (number | undefined)[] = library.encode(wellFormed(text), {
      add_special_tokens: addSpecialTokens,
    })
    const unknown = encoded.indexOf(undefined)
    if (unknown >= 0)
      throw new TokenizerError(
        `${files.name}: token ${unknown} of ${JSON.stringify(text.slice(0, 80))} has no id: the vocabulary has ` +
          'neither it nor a token for unknown text',
      )
    return encoded as number[]
  }
  const encode: Tokenizer['encode'] = (text, { addSpecialTokens = true } = {}) =>
    encodeWith(inner, text, addSpecialTokens)

  const decode: Tokenizer['decode'] = (tokens, { skipSpecialTokens = false } = {}) => {
    const outside = tokens.find(id => !(Number.isInteger(id) && id >= 0 && id < size))
    if (outside !== undefined)
      throw new TokenizerError(`${files.name}: ${outside} is not an id of the vocabulary, which has ${size}`)
    if (tokens.length === 0) return ''
    return inner.decode([...tokens], {
      skip_special_tokens: skipSpecialTokens,
      clean_up_tokenization_spaces: cleanUp,
    })
  }

  const render = (source: string, turns: readonly ChatTurn[], addGenerationPrompt: boolean) => {
    try {
      return renderJinja(inner, source, turns, addGenerationPrompt)
    } catch (cause) {
      throw new TemplateError(`${files.name}: the chat template refused the turns: ${reasonOf(cause)}`, {
        cause,
      })
    }
  }
  const chat: Tokenizer['chat'] = (turns, { addGenerationPrompt = false } = {}) => {
    if (source === null)
      throw new TokenizerError(
        `${files.name}: the model has no chat template: tokenizer_config.json has no 'chat_template' that is alone ` +
          `or called 'default', and there is no ${templateFile}`,
      )
    return render(source, turns, addGenerationPrompt)
  }

  const endOfTurn = source === null ? null : templateEnd({ encode, chat, addedIds })
  const template =
    source === null
      ? null
      : jinjaTemplate({
          name: files.name,
          source,
          endOfTurn: endOfTurn === null ? '' : decode([endOfTurn]),
          special: new SpecialTexts(specialTexts),
          render,
        })

  return {
    size,
    bosId,
    eosId,
    bosToken: bosId === null ? null : (config.bos_token as string),
    eosToken: eosId === null ? null : (config.eos_token as string),
    addsBos: bosId !== null && encode('')[0] === bosId,
    endIds: knownIds([eosId, ...generation.endIds, endOfTurn], size),
    encode,
    encodePieces(pieces, { splitSpecialTokens = true } = {}) {
      const join = (some: readonly TextPiece[], own: (text: string) => string) =>
        some.map(piece => (piece.literal ? piece.text : own(piece.text))).join('')
      return encodePieces(pieces, {
        encode: some =>
          splitSpecialTokens
            ? encodeWith(literal().inner, join(some, literal().special), false)
            : encodeWith(
                inner,
                join(some, text => text),
                false,
              ),
        decode,
        begins: piece => !piece.literal && beginsSpecial(piece.text),
      })
    },
    decode,
    tokenId,
    hasChatTemplate: source !== null,
    template,
    chat,
  }

  function idOf(key: string): number | null {
    const token = config[key]
    if (token === undefined || token === null) return null
    const id = typeof token === 'string' ? tokenId(token) : null
    if (id === null)
      throw new TokenizerError(`${files.name}: the ${key} ${JSON.stringify(token)} is not in the vocabulary`)
    return id
  }
}

/** The template for plain conversations: the only one, or the one called `default` of several. */
function templateSource({ chat_template: template }: InnerTokenizer): string | null {
  const given: unknown =
    template && typeof template === 'object' ? Reflect.get(template, 'default') : template
  return typeof given === 'string' && given !== '' ? given : null
}

/** The config with each token as text, where some versions save `{ "content": "</s>", … }`. */
function plainTokens(config: Json): Json {
  const plain = Object.entries(config).map(([key, value]) => {
    const content = key.endsWith('_token') ? (value as { content?: unknown } | null)?.content : undefined
    return [key, typeof content === 'string' ? content : value]
  })
  return Object.fromEntries(plain)
}

/** A config that says null has no such token, whatever other files say. */
function complete(config: Json, key: string, find: () => unknown): void {
  if (Object.hasOwn(config, key)) return
  const value = find()
  if (value !== undefined) config[key] = value
}
