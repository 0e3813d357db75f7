import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { packRanges } from '../ops/attention'
import type { TokenGroups } from '../ops/embedding'

/** Sequences one after the other, without padding between them. */
export interface Packed {
  /** Token ids, u32 [T]. */
  readonly ids: Tensor
  /** Place of each token in its sequence, u32 [T]. */
  readonly positions: Tensor
  /** Which keys each query sees, u32 [T, 4]; see `attention`. */
  readonly ranges: Tensor
  /** Rows of the key-value cache that the tokens fill, u32 [T]. Only with a cache. */
  readonly slots?: Tensor
  /** Tokens grouped by id. Only to train the embedding. */
  readonly groups?: TokenGroups
  /** Tokens grouped by place. Only to train learned positions. */
  readonly positionGroups?: TokenGroups
}

/** The contents of a `Packed`, on the host. */
export interface PackedArrays {
  readonly ids: Uint32Array
  readonly positions: Uint32Array
  readonly ranges: Uint32Array
  /** Where each sequence begins. */
  readonly starts: readonly number[]
}

/**
 * Lays sequences out one after the other, up to `total` tokens. What is left over is filled with tokens of id 0
 * that see only themselves.
 */
export function pack(sequences: readonly ArrayLike<number>[], total?: number): PackedArrays {
  const lengths = sequences.map(s => s.length)
  const used = lengths.reduce((a, b) => a + b, 0)
  const T = total ?? used
  const ids = new Uint32Array(T)
  const positions = new Uint32Array(T)
  const starts: number[] = []
  let at = 0
  for (const sequence of sequences) {
    starts.push(at)
    for (let i = 0; i < sequence.length; i++) {
      ids[at] = sequence[i]!
      positions[at++] = i
    }
  }
  return { ids, positions, ranges: packRanges(lengths, { total: T }), starts }
}

/** Uploads packed sequences. The caller disposes the three tensors. */
export function uploadPacked(gpu: Gpu, { ids, positions, ranges }: PackedArrays): Packed & Disposable {
  const tensors = {
    ids: gpu.tensor([ids.length], ids),
    positions: gpu.tensor([ids.length], positions),
    ranges: gpu.tensor([ids.length, 4], ranges),
  }
  return {
    ...tensors,
    [Symbol.dispose]() {
      for (const tensor of Object.values(tensors)) tensor[Symbol.dispose]()
    },
  }
}
