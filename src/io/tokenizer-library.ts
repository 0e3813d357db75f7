import type { PreTrainedTokenizer } from '@huggingface/transformers'
import { numberName, SpecialTexts, unusedName } from './special-texts'
import { TokenizerError } from './tokenizer-error'
import { type Json, reasonOf } from './tokenizer-json'

/** What is used of the library's tokenizers. */
export interface InnerTokenizer {
  /** A template, or several by name. */
  readonly chat_template: unknown
  encode(text: string, options: { add_special_tokens: boolean }): number[]
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string
  get_vocab(): ReadonlyMap<string, number>
  apply_chat_template(
    turns: { role: string; content: string }[],
    options: { tokenize: false; add_generation_prompt: boolean; chat_template: string },
  ): string
}

export interface LibraryTokenizer {
  readonly inner: InnerTokenizer
  readonly specialTexts: readonly string[]
  /** Whether a text begins with a special token that does not take white space before it along. */
  beginsSpecial(text: string): boolean
  /** Ids of all added tokens, special or not. */
  readonly addedIds: ReadonlySet<number>
  /** A tokenizer for which special tokens are text, and what to write to have them. */
  readonly literal: () => LiteralTokenizer
}

export interface LiteralTokenizer {
  readonly inner: InnerTokenizer
  /** The text with the special tokens in it so that `inner` takes them for such. */
  special(text: string): string
}

/** The library's tokenizer of a `tokenizer.json` and a `tokenizer_config.json`. Throws `TokenizerError`. */
export async function libraryTokenizer(json: Json, config: Json, name: string): Promise<LibraryTokenizer> {
  const { type, vocab } = (json.model ?? {}) as Json
  // The library takes a type it does not know for Unigram. Files without a type are of the first versions.
  if (type !== undefined && !['BPE', 'Unigram', 'WordPiece'].includes(type as string))
    throw new TokenizerError(
      `${name}: tokenizer.json has a model of type ${JSON.stringify(type)}; BPE, Unigram and WordPiece can be used`,
    )
  if (typeof vocab !== 'object' || vocab === null)
    throw new TokenizerError(`${name}: tokenizer.json has no vocabulary: it is no tokenizer of Hugging Face`)
  // Loaded on first use: the package brings ONNX Runtime along, which nobody needs who does not tokenize.
  const library = await import('@huggingface/transformers')
  const className = String(config.tokenizer_class ?? '').replace(/Fast$/, '')
  const found: unknown = Object.hasOwn(library, className) ? library[className as keyof typeof library] : null
  const base = library.PreTrainedTokenizer
  // The choice of AutoTokenizer, which itself can only be given an address to fetch from.
  const known = typeof found === 'function' && found.prototype instanceof base
  const Chosen = known ? (found as typeof base) : base
  let inner: PreTrainedTokenizer
  try {
    inner = new Chosen(json, config)
  } catch (cause) {
    throw new TokenizerError(
      `${name}: tokenizer.json or tokenizer_config.json is unusable: ${reasonOf(cause)}`,
      { cause },
    )
  }
  const added = (json.added_tokens ?? []) as readonly AddedToken[]
  const special = added.filter(token => token.special)
  const certain = new SpecialTexts(special.filter(({ lstrip }) => !lstrip).map(({ content }) => content))
  let literal: LiteralTokenizer | null = null
  return {
    inner,
    specialTexts: special.map(({ content }) => content),
    beginsSpecial: text => certain.begins(text),
    addedIds: new Set(added.map(({ id }) => id)),
    literal() {
      literal ??= literalTokenizer(inner, added, (tokens, model) => {
        return new Chosen({ ...json, added_tokens: tokens, model }, config)
      })
      return literal
    },
  }
}

interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special?: boolean
  readonly lstrip?: boolean
}

/**
 * Gives special tokens names that no text spells. All else is the tokenizer's own: its vocabulary is shared, because
 * one of 150,000 entries takes tens of megabytes. The library has no switch for this, as Python's
 * `split_special_tokens`, and that one is for a whole text.
 */
function literalTokenizer(
  inner: PreTrainedTokenizer,
  added: readonly AddedToken[],
  construct: (tokens: readonly AddedToken[], model: Json) => PreTrainedTokenizer,
): LiteralTokenizer {
  const name = unusedName()
  const special = added.filter(token => token.special)
  const names = new Map(special.map(({ id, content }) => [content, `${name}${numberName(id)}z`]))
  // Normalized, a name may get a space before it and no longer be found.
  const renamed = added.map(token =>
    token.special ? { ...token, content: names.get(token.content)!, normalized: false } : token,
  )
  const guarded = construct(renamed, { type: 'BPE', vocab: {}, merges: [] })
  guarded._tokenizer.model = inner._tokenizer.model
  const texts = new SpecialTexts([...names.keys()])
  return { inner: guarded, special: text => texts.replace(text, token => names.get(token)!) }
}
