import type { Gpu } from '../gpu/gpu'
import type { KvCache } from '../nn/kv-cache'
import type { LoraMap } from '../nn/linear'
import { pack } from '../nn/packed'
import { gather } from '../ops/gather'
import { linear } from '../ops/linear'
import { Tape } from '../ops/tape'
import type { CausalNetwork } from './causal-network'
import { ModelError } from './errors'
import type { Model } from './load-model'
import { type SamplingOptions, sampleToken } from './sample-token'

export interface GenerateOptions extends SamplingOptions {
  readonly adapter?: LoraMap | null
  /** Most tokens of the answer. It also ends at the context's end. */
  readonly maxTokens?: number
  readonly signal?: AbortSignal
}

/**
 * The model's answer to a conversation, piece by piece. The conversation is rendered with the model's chat template;
 * the answer ends at the end-of-sequence token, which is not part of it.
 *
 * @throws {ModelError} if the conversation fills the model's context
 */
export async function* generate(
  { network, tokenizer }: Model,
  turns: Parameters<Model['tokenizer']['chat']>[0],
  { adapter = null, maxTokens = 128, signal, ...sampling }: GenerateOptions = {},
): AsyncGenerator<string, void, undefined> {
  const prompt = tokenizer.encode(tokenizer.chat(turns, { addGenerationPrompt: true }), {
    addSpecialTokens: false,
  })
  if (prompt.length >= network.maxPositions) {
    throw new ModelError(
      `the conversation has ${prompt.length} tokens, the model's context is ${network.maxPositions}`,
    )
  }
  const room = Math.min(maxTokens, network.maxPositions - prompt.length)
  using decoder = new Decoder(network, prompt.length + room, adapter)
  const answer: number[] = []
  let shown = ''
  let logits = await decoder.next(prompt)
  while (answer.length < room) {
    signal?.throwIfAborted()
    const token = sampleToken(logits, answer.length, sampling)
    if (token === tokenizer.eosId) break
    answer.push(token)
    const text = tokenizer.decode(answer, { skipSpecialTokens: true })
    // A character of several byte tokens shows as U+FFFD until its last one has come.
    if (text.length > shown.length && !text.endsWith('\uFFFD')) {
      yield text.slice(shown.length)
      shown = text
    }
    if (answer.length < room) logits = await decoder.next([token])
  }
  const text = tokenizer.decode(answer, { skipSpecialTokens: true })
  if (text.length > shown.length) yield text.slice(shown.length)
}

/** Feeds tokens to a network one call after the other, keeping keys and values. */
class Decoder implements Disposable {
  readonly #gpu: Gpu
  readonly #cache: KvCache
  #length = 0

  constructor(
    readonly network: CausalNetwork,
    slots: number,
    readonly adapter: LoraMap | null,
  ) {
    this.#gpu = network.gpu
    this.#cache = network.cache(slots)
  }

  /** Logits [V] after the tokens given so far and these. */
  async next(tokens: readonly number[]): Promise<Float32Array> {
    const gpu = this.#gpu
    const T = tokens.length
    const places = Uint32Array.from({ length: T }, (_, t) => this.#length + t)
    const ranges = new Uint32Array(4 * T)
    places.forEach((place, t) => {
      ranges[4 * t + 1] = place
    })
    this.#length += T
    using ids = gpu.tensor([T], pack([tokens]).ids)
    using positions = gpu.tensor([T], places)
    using seen = gpu.tensor([T, 4], ranges)
    using last = gpu.tensor([1], Uint32Array.of(T - 1))
    using tape = new Tape(gpu, { grad: false })
    const packed = { ids, positions, ranges: seen, slots: positions }
    const hidden = this.network.forward(tape, packed, { adapter: this.adapter, cache: this.#cache })
    const logits = linear(tape, gather(tape, hidden, last), this.network.head)
    return gpu.read(logits)
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]()
  }
}
