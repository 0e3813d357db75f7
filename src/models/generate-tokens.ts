import type { CausalNetwork, LoraMap } from './causal-network'
import { GenerationError } from './generation-error'
import { IncrementalDecoder } from './incremental-decoder'
import { checkSampling, isPlainGreedy, type SamplingOptions, sampleToken } from './sample-token'

/** Why tokens end: at an end token, after `maxTokens`, or because the model's context is full. */
export type TokensEnd = 'end' | 'length' | 'context'

export interface TokenOptions extends SamplingOptions {
  readonly adapter?: LoraMap | null
  /** Most tokens to generate. They also end at the context's end. */
  readonly maxTokens?: number
  /** Tokens that end the generation; they are not given out. */
  readonly endIds?: readonly number[]
  readonly signal?: AbortSignal
}

/**
 * The ids with which a network continues a prompt, one by one; the generator's return value says why they ended.
 *
 * @throws {GenerationError} for options out of range, ids that the network does not have, a prompt that is empty or
 *   fills the context, and logits that are not finite
 * @throws the signal's reason when it is aborted
 */
export async function* generateTokens(
  network: CausalNetwork,
  prompt: readonly number[],
  { adapter = null, maxTokens = 128, endIds = [], signal, ...sampling }: TokenOptions = {},
): AsyncGenerator<number, TokensEnd, undefined> {
  checkSampling(sampling)
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 0) {
    throw new GenerationError(`maxTokens is ${maxTokens}, expected 0 or a whole number above`)
  }
  checkPrompt(network, prompt)
  const count = Math.min(maxTokens, network.maxPositions - prompt.length)
  if (count > 0) {
    using decoder = new IncrementalDecoder(network, adapter, {
      prompt: prompt.length,
      most: prompt.length + count,
    })
    await decoder.skip(prompt.slice(0, -1), signal)
    const ids = isPlainGreedy(sampling)
      ? mostLikely(decoder, prompt.at(-1)!, count)
      : sampled(decoder, prompt, count, sampling)
    for await (const id of ids) {
      signal?.throwIfAborted()
      if (endIds.includes(id)) return 'end'
      yield id
    }
  }
  return count === maxTokens ? 'length' : 'context'
}

/** One step ahead of who takes the tokens, so that the GPU does not wait while they are read. */
async function* mostLikely(decoder: IncrementalDecoder, last: number, count: number): AsyncGenerator<number> {
  let next = decoder.mostLikely(last)
  for (let n = 1; n <= count; n++) {
    const token = next
    if (n < count) {
      next = decoder.mostLikely()
      // Awaited later or, if the generation ends before, never.
      next.catch(() => {})
    }
    yield await token
  }
}

async function* sampled(
  decoder: IncrementalDecoder,
  prompt: readonly number[],
  count: number,
  options: SamplingOptions,
): AsyncGenerator<number> {
  const ids = [...prompt]
  for (let n = 0; n < count; n++) {
    const id = sampleToken(await decoder.logits(ids.at(-1)!), n, options, ids)
    ids.push(id)
    yield id
  }
}

function checkPrompt({ vocabulary, maxPositions }: CausalNetwork, prompt: readonly number[]): void {
  if (prompt.length === 0) {
    throw new GenerationError('the prompt has no token, expected one at least to continue')
  }
  if (prompt.length >= maxPositions) {
    throw new GenerationError(
      `the prompt has ${prompt.length} tokens, the model's context is ${maxPositions}: there is no room for an answer`,
    )
  }
  const wrong = prompt.find(id => !(Number.isInteger(id) && id >= 0 && id < vocabulary))
  if (wrong !== undefined) {
    throw new GenerationError(`the prompt holds token ${wrong}, the model's vocabulary ends at ${vocabulary}`)
  }
}
