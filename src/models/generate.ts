import { generateTokens, type TokenOptions, type TokensEnd } from './generate-tokens'
import type { Model } from './load-model'
import { StopStrings } from './stop-strings'
import { TokenText } from './token-text'

export interface GenerateOptions extends Omit<TokenOptions, 'endIds'> {
  /** Texts before which the answer ends, also where one begins or ends inside a token. */
  readonly stop?: readonly string[]
}

/** How a generation went. */
export interface Generated {
  /** `end`: the model ended it; `stop`: a stop string; `length`: `maxTokens`; `context`: the model's context is full. */
  readonly reason: TokensEnd | 'stop'
  readonly promptTokens: number
  /** Without the one that ended it. */
  readonly answerTokens: number
}

/**
 * The model's answer to a conversation, piece by piece; the generator's return value says how it went. The
 * conversation is rendered with the model's chat template; the answer ends before any of the tokenizer's `endIds`
 * and the template's stop strings.
 *
 * @throws {GenerationError} for options out of range, a conversation that fills the model's context, and logits that
 *   are not finite
 * @throws {TokenizerError} if there is no chat template, or it refuses the turns
 * @throws the signal's reason when it is aborted
 */
export async function* generate(
  model: Model,
  turns: Parameters<Model['tokenizer']['chat']>[0],
  options: GenerateOptions = {},
): AsyncGenerator<string, Generated, undefined> {
  const text = model.tokenizer.chat(turns, { addGenerationPrompt: true })
  // A model that was not trained on a template writes its marks on, as text.
  const stop = [...(options.stop ?? []), ...(model.tokenizer.template?.stop ?? [])]
  const prompt = model.tokenizer.encode(text, { addSpecialTokens: false })
  return yield* continued(model, prompt, { ...options, stop })
}

/**
 * What the model writes after a text, without a chat template; otherwise as `generate`. The text gets the special
 * tokens that the tokenizer puts around every text, such as the one of its beginning.
 */
export async function* complete(
  model: Model,
  text: string,
  options: GenerateOptions = {},
): AsyncGenerator<string, Generated, undefined> {
  return yield* continued(model, model.tokenizer.encode(text), options)
}

async function* continued(
  { network, tokenizer }: Model,
  prompt: readonly number[],
  { stop = [], ...options }: GenerateOptions,
): AsyncGenerator<string, Generated, undefined> {
  const stops = new StopStrings(stop)
  const text = new TokenText(tokenizer)
  let reason: Generated['reason'] = 'stop'
  const ids = (async function* () {
    reason = yield* generateTokens(network, prompt, { ...options, endIds: tokenizer.endIds })
  })()
  let answerTokens = 0
  for await (const id of ids) {
    answerTokens++
    const piece = stops.push(text.push(id))
    if (piece !== '') yield piece
    if (stops.found) break
  }
  const rest = stops.push(text.end()) + stops.end()
  if (rest !== '') yield rest
  if (stops.found) reason = 'stop'
  return { reason, promptTokens: prompt.length, answerTokens }
}
