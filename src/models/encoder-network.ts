import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { type Packed, type PackedArrays, pack } from '../nn/packed'
import { packRanges } from '../ops/attention'
import type { Tape } from '../ops/tape'
import type { Weights } from './architecture'

/** What every encoder computes: states of tokens that see all of their text. */
export interface EncoderNetwork extends Disposable {
  readonly gpu: Gpu
  /** `model_type` of its config.json. */
  readonly architecture: string
  readonly vocabulary: number
  /** C */
  readonly hidden: number
  readonly maxPositions: number
  /** Weights by their Hugging Face names. */
  readonly weights: Weights
  /** Lays sequences out so that a token sees all of its own, and not only what is before it. */
  pack(sequences: readonly ArrayLike<number>[]): PackedArrays
  /** Last hidden states, [T, C], of sequences that `pack` laid out. */
  forward(tape: Tape, packed: Packed): Tensor
}

/** As `pack` of causal networks, but a token sees all of its sequence. */
export function packWhole(sequences: readonly ArrayLike<number>[]): PackedArrays {
  const lengths = sequences.map(({ length }) => length)
  return { ...pack(sequences), ranges: packRanges(lengths, { causal: false }) }
}
