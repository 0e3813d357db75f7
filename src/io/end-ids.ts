import type { ModelFiles } from './model-files'
import { TokenizerError } from './tokenizer-error'
import { readJson } from './tokenizer-json'

/** What is known of a tokenizer before its end tokens are. */
interface Vocabulary {
  readonly size: number
  readonly eosId: number | null
  /** Ids of added tokens, which a template writes and no text of a user is meant to hold. */
  readonly addedIds: ReadonlySet<number>
  encode(text: string, options: { addSpecialTokens: boolean }): readonly number[]
  readonly hasChatTemplate: boolean
  chat(turns: readonly { role: string; content: string }[]): string
}

/**
 * Ids of the tokens that end an answer, each once: the tokenizer's eos, the `eos_token_id` of generation_config.json,
 * and the first added token that the chat template writes after an assistant's last turn. An id that the vocabulary
 * does not have ends nothing: some configs count rows of the embedding that no token uses.
 *
 * @throws {TokenizerError} if generation_config.json has an `eos_token_id` that is neither a number nor a list of them
 */
export async function findEndIds(files: ModelFiles, vocabulary: Vocabulary): Promise<readonly number[]> {
  const ids = [vocabulary.eosId, ...(await generationEnds(files)), endOfTurn(vocabulary)]
  const known = ids.filter(id => id !== null && Number.isInteger(id) && id >= 0 && id < vocabulary.size)
  return [...new Set(known as number[])]
}

async function generationEnds(files: ModelFiles): Promise<readonly number[]> {
  const path = 'generation_config.json'
  if (!(await files.has(path))) return []
  const given = (await readJson(files, path)).eos_token_id ?? []
  const ids: unknown[] = Array.isArray(given) ? given : [given]
  if (!ids.every(id => typeof id === 'number'))
    throw new TokenizerError(
      `${files.name}/${path}: eos_token_id is ${JSON.stringify(given)}, expected an id or a list of ids`,
    )
  return ids as number[]
}

/** A text that no template writes by itself, to find the answer's end by. */
const ANSWER = 'Forty-two, 42.'

function endOfTurn({ addedIds, encode, hasChatTemplate, chat }: Vocabulary): number | null {
  if (!hasChatTemplate) return null
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
