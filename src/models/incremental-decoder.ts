import type { Gpu } from '../gpu/gpu'
import type { Recording } from '../gpu/recording'
import type { Tensor } from '../gpu/tensor'
import type { KvCache } from '../nn/kv-cache'
import { argmax, NOT_FINITE } from '../ops/argmax'
import { linear } from '../ops/linear'
import { Tape } from '../ops/tape'
import type { CausalNetwork, LoraMap } from './causal-network'
import { notFinite } from './sample-token'

/** Tokens of a prompt in one pass: what it holds at a time does not grow with the prompt. */
const CHUNK = 512
/** Tokens after the prompt that the cache has room for at first. It doubles when it is full. */
const FIRST_ROOM = 256

interface Inputs {
  readonly ids: Tensor
  readonly positions: Tensor
  readonly ranges: Tensor
}

/**
 * Gives a network tokens and keeps their keys and values. A step of one token is recorded when the first is taken, and
 * again when the cache has grown; any other creates nothing.
 */
export class IncrementalDecoder implements Disposable {
  readonly #network: CausalNetwork
  readonly #adapter: LoraMap | null
  readonly #most: number
  #cache: KvCache
  /** Tokens that the network has seen. */
  #length = 0
  #step: Recording | null = null
  readonly #inputs: Inputs
  /** [1, V], of the last step. */
  readonly #logits: Tensor
  /** [1]: where the largest of them stands. */
  readonly #token: Tensor

  /**
   * @param prompt tokens that it will be given at once
   * @param most tokens that it will be given in all
   */
  constructor(
    network: CausalNetwork,
    adapter: LoraMap | null,
    { prompt, most }: { readonly prompt: number; readonly most: number },
  ) {
    const { gpu } = network
    this.#network = network
    this.#adapter = adapter
    this.#most = most
    this.#cache = network.cache(Math.min(most, prompt + FIRST_ROOM))
    this.#inputs = {
      ids: gpu.empty([1], 'u32'),
      positions: gpu.empty([1], 'u32'),
      ranges: gpu.empty([1, 4], 'u32'),
    }
    this.#logits = gpu.empty([1, network.vocabulary])
    this.#token = gpu.empty([1], 'u32')
  }

  get #gpu(): Gpu {
    return this.#network.gpu
  }

  /** Gives tokens whose logits nobody asks for. @throws the signal's reason when it is aborted */
  async skip(tokens: readonly number[], signal?: AbortSignal): Promise<void> {
    for (let begin = 0; begin < tokens.length; begin += CHUNK) {
      // Lets a signal in between.
      if (begin > 0) await this.#gpu.idle()
      signal?.throwIfAborted()
      this.#pass(tokens.slice(begin, begin + CHUNK))
    }
  }

  /** The logits [V] of the token after `id`. */
  logits(id: number): Promise<Float32Array> {
    this.#gpu.write(this.#inputs.ids, Uint32Array.of(id))
    this.#run()
    return this.#gpu.read(this.#logits)
  }

  /**
   * The most likely token after `id`; without it, after the token that the last step gives, which need not have been
   * read yet: the GPU hands it on to itself.
   *
   * @throws {GenerationError} if a logit is not finite
   */
  async mostLikely(id?: number): Promise<number> {
    if (id !== undefined) this.#gpu.write(this.#inputs.ids, Uint32Array.of(id))
    this.#run()
    const [token = NOT_FINITE] = await this.#gpu.readU32(this.#token)
    if (token === NOT_FINITE) throw notFinite('the logits of the next token hold NaN or infinity')
    return token
  }

  #pass(tokens: readonly number[]): void {
    const gpu = this.#gpu
    const T = tokens.length
    this.#reserve(T)
    const places = Uint32Array.from(tokens, (_, t) => this.#length + t)
    this.#length += T
    using ids = gpu.tensor([T], Uint32Array.from(tokens))
    using positions = gpu.tensor([T], places)
    using ranges = gpu.tensor([T, 4], Uint32Array.from([...places].flatMap(place => [0, place, 0, 0])))
    using tape = new Tape(gpu, { grad: false })
    this.#forward(tape, { ids, positions, ranges })
  }

  /** A step over what `ids` holds. */
  #run(): void {
    const gpu = this.#gpu
    this.#reserve(1)
    const { positions, ranges, ids } = this.#inputs
    this.#step ??= gpu.record(() => {
      using tape = new Tape(gpu, { grad: false })
      const logits = linear(tape, this.#forward(tape, this.#inputs), this.#network.head)
      argmax(gpu, logits, this.#token)
      gpu.copy(logits, this.#logits)
      gpu.copy(this.#token, ids)
    })
    gpu.write(positions, Uint32Array.of(this.#length))
    gpu.write(ranges, Uint32Array.of(0, this.#length, 0, 0))
    gpu.replay(this.#step)
    this.#length++
  }

  #forward(tape: Tape, { ids, positions, ranges }: Inputs): Tensor {
    const packed = { ids, positions, ranges, slots: positions }
    return this.#network.forward(tape, packed, { adapter: this.#adapter, cache: this.#cache })
  }

  /** Makes room for more tokens. */
  #reserve(more: number): void {
    const needed = this.#length + more
    const from = this.#cache
    if (needed <= from.slots) return
    const grown = this.#network.cache(Math.min(this.#most, Math.max(needed, 2 * from.slots)))
    from.layers.forEach((layer, l) => {
      const to = grown.layers[l]!
      this.#gpu.copy(layer.k, to.k.rows(0, from.slots))
      this.#gpu.copy(layer.v, to.v.rows(0, from.slots))
    })
    this.#cache = grown
    from[Symbol.dispose]()
    this.#step?.[Symbol.dispose]()
    this.#step = null
  }

  [Symbol.dispose](): void {
    this.#step?.[Symbol.dispose]()
    this.#cache[Symbol.dispose]()
    for (const tensor of Object.values(this.#inputs)) tensor[Symbol.dispose]()
    this.#logits[Symbol.dispose]()
    this.#token[Symbol.dispose]()
  }
}
