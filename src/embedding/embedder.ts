import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'

export interface EmbedOptions {
  readonly signal?: AbortSignal
}

/**
 * Turns texts into vectors whose cosine says how alike they are.
 *
 * It takes texts, not rows: whoever calls decides what of a row counts (the answers, the whole conversation,
 * a chat template). Its vectors need no unit length; who compares them normalizes.
 */
export interface Embedder {
  /** Says which embedder made a vector, with everything that changes its vectors: `hashed-ngrams-384`. */
  readonly name: string
  /** Values of a vector, E. */
  readonly dimensions: number
  /** The device its tensors lie on. */
  readonly gpu: Gpu
  /**
   * One vector a text, in order: [N, E] f32. The caller disposes it.
   *
   * @throws the signal's reason once it is aborted
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Tensor>
}
