import type { ChatTurn } from './chat-template'
import type { ModelFiles } from './model-files'
import { TokenizerError } from './tokenizer-error'
import { readJson } from './tokenizer-json'

/**
 * Ids of the tokens that end an answer, each once. An id that the vocabulary does not have ends nothing: some configs
 * count rows of the embedding that no token uses.
 */
export const knownIds = (ids: readonly (number | null)[], size: number): readonly number[] => {
  const known = ids.filter(id => id !== null && Number.isInteger(id) && id >= 0 && id < size)
  return [...new Set(known as number[])]
}

/** What a model's generation_config.json says of tokens. */
export interface GenerationTokens {
  readonly bosId: number | null
  readonly endIds: readonly number[]
}

/** Throws `TokenizerError` if an id is neither a number nor a list of them. */
export async function generationTokens(files: ModelFiles): Promise<GenerationTokens> {
  const path = 'generation_config.json'
  if (!(await files.has(path))) return { bosId: null, endIds: [] }
  const config = await readJson(files, path)
  const ids = (key: string): readonly number[] => {
    const given = config[key] ?? []
    const list: unknown[] = Array.isArray(given) ? given : [given]
    if (!list.every(id => typeof id === 'number'))
      throw new TokenizerError(
        `${files.name}/${path}: ${key} is ${JSON.stringify(given)}, expected an id or a list of ids`,
      )
    return list
  }
  return { bosId: ids('bos_token_id')[0] ?? null, endIds: ids('eos_token_id') }
}

/** A text that no template writes by itself, to find the answer's end by. */
const ANSWER = 'Forty-two, 42.'

interface TemplateParts {
  encode(text: string, options: { addSpecialTokens: boolean }): readonly number[]
  chat(turns: readonly ChatTurn[]): string
  /** Ids of added tokens, which a template writes and no text of a user is meant to hold. */
  readonly addedIds: ReadonlySet<number>
}

/** The first added token that a chat template writes after an assistant's last turn, or null where there is none. */
export function templateEnd({ encode, chat, addedIds }: TemplateParts): number | null {
  let text: string
  try {
    const user = { role: 'user', content: 'What is six times seven?' }
    text = chat([user, { role: 'assistant', content: ANSWER }])
  } catch (error) {
    // A template that cannot write an answer is told of when it is asked to.
    if (error instanceof TokenizerError) return null
    throw error
  }
  const place = text.lastIndexOf(ANSWER)
  if (place < 0) return null
  const rest = encode(text.slice(place + ANSWER.length), { addSpecialTokens: false })
  return rest.find(id => addedIds.has(id)) ?? null
}
