import type { PreTrainedTokenizer } from '@huggingface/transformers'
import { findEndIds } from './end-ids'
import type { ModelFiles } from './model-files'
import { TokenizerError } from './tokenizer-error'
import { type Json, readJson, reasonOf } from './tokenizer-json'

export { TokenizerError }

export interface Tokenizer {
  /** One more than the largest id of the vocabulary. */
  readonly size: number
  readonly bosId: number | null
  readonly eosId: number | null
  /**
   * Ids that end an answer, each once: the eos, those that generation_config.json names, and the token that the chat
   * template writes after an assistant's turn.
   */
  readonly endIds: readonly number[]
  /** Ids of the text, with the tokens that the tokenizer puts around every text unless `addSpecialTokens` is false. */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[]
  /**
   * Text of the ids; special tokens are written out unless `skipSpecialTokens` is true. With byte fallback the
   * library differs from Python in two rare ways: bytes cut off inside a character give one U+FFFD instead of one
   * each, and U+FEFF is dropped.
   */
  decode(ids: readonly number[], options?: { skipSpecialTokens?: boolean }): string
  /** The id of an exact entry of the vocabulary, or null. */
  tokenId(token: string): number | null
  readonly hasChatTemplate: boolean
  /**
   * The conversation as the model's chat template writes it; encode it with `addSpecialTokens: false`. Throws
   * `TokenizerError` when the model has no template, and when the template refuses the turns.
   */
  chat(
    turns: readonly { role: string; content: string }[],
    options?: { addGenerationPrompt?: boolean },
  ): string
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
  const inner = await construct(json, config, files.name)

  const ids = inner.get_vocab()
  let size = 0
  for (const [token, id] of ids) if (token !== undefined) size = Math.max(size, id + 1)
  // Python ignores the clean-up for BPE, where it would drop spaces that the text had.
  const cleanUp =
    config.clean_up_tokenization_spaces === true && (json.model as Json | undefined)?.type !== 'BPE'
  const tokenId = (token: string) => ids.get(token) ?? null
  const hasChatTemplate = inner.chat_template != null && inner.chat_template !== ''

  const tokenizer: Tokenizer = {
    size,
    bosId: idOf(config, 'bos_token'),
    eosId: idOf(config, 'eos_token'),
    endIds: [],
    encode(text, { addSpecialTokens = true } = {}) {
      const encoded: (number | undefined)[] = inner.encode(text, { add_special_tokens: addSpecialTokens })
      const unknown = encoded.indexOf(undefined)
      if (unknown >= 0)
        throw new TokenizerError(
          `${files.name}: token ${unknown} of ${JSON.stringify(text.slice(0, 80))} has no id: the vocabulary has ` +
            'neither it nor a token for unknown text',
        )
      return encoded as number[]
    },
    decode(tokens, { skipSpecialTokens = false } = {}) {
      const outside = tokens.find(id => !(Number.isInteger(id) && id >= 0 && id < size))
      if (outside !== undefined)
        throw new TokenizerError(
          `${files.name}: ${outside} is not an id of the vocabulary, which has ${size}`,
        )
      if (tokens.length === 0) return ''
      return inner.decode([...tokens], {
        skip_special_tokens: skipSpecialTokens,
        clean_up_tokenization_spaces: cleanUp,
      })
    },
    tokenId,
    hasChatTemplate,
    chat(turns, { addGenerationPrompt = false } = {}) {
      if (!hasChatTemplate)
        throw new TokenizerError(
          `${files.name}: the model has no chat template: tokenizer_config.json has no 'chat_template' and there ` +
            `is no ${templateFile}`,
        )
      try {
        return inner.apply_chat_template([...turns], {
          tokenize: false,
          add_generation_prompt: addGenerationPrompt,
        })
      } catch (cause) {
        throw new TokenizerError(`${files.name}: the chat template refused the turns: ${reasonOf(cause)}`, {
          cause,
        })
      }
    },
  }
  return { ...tokenizer, endIds: await findEndIds(files, { ...tokenizer, addedIds: addedIdsOf(json) }) }

  function idOf(from: Json, key: string): number | null {
    const token = from[key]
    if (token === undefined || token === null) return null
    const id = typeof token === 'string' ? tokenId(token) : null
    if (id === null)
      throw new TokenizerError(`${files.name}: the ${key} ${JSON.stringify(token)} is not in the vocabulary`)
    return id
  }
}

async function construct(json: Json, config: Json, name: string): Promise<PreTrainedTokenizer> {
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
  try {
    return new (known ? (found as typeof base) : base)(json, config)
  } catch (cause) {
    throw new TokenizerError(
      `${name}: tokenizer.json or tokenizer_config.json is unusable: ${reasonOf(cause)}`,
      {
        cause,
      },
    )
  }
}

/** The config with each token as text, where some versions save `{ "content": "</s>", … }`. */
function plainTokens(config: Json): Json {
  const plain = Object.entries(config).map(([key, value]) => {
    const content = key.endsWith('_token') ? (value as { content?: unknown } | null)?.content : undefined
    return [key, typeof content === 'string' ? content : value]
  })
  return Object.fromEntries(plain)
}

function addedIdsOf({ added_tokens }: Json): ReadonlySet<number> {
  const tokens = Array.isArray(added_tokens) ? (added_tokens as readonly ({ id?: unknown } | null)[]) : []
  return new Set(tokens.flatMap(token => (typeof token?.id === 'number' ? [token.id] : [])))
}
