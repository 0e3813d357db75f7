import backward from '#shaders/embedding-backward.wgsl?raw'
import forward from '#shaders/embedding-forward.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import { ShapeError } from '../gpu/errors'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { shardsOf, type Weight } from './matrix'
import { byWidth, ofWidth } from './row-kernels'
import type { Tape } from './tape'
import { byFormat, ofFormat } from './weight-formats'

/** y = w[ids], for some rows of w. */
export const embeddingForward = byFormat(({ code, element, overrides }) =>
  defineKernel({
    name: 'embedding-forward',
    code: [fold, code, forward],
    params: { T: 'u32', N: 'u32', C: 'u32', first: 'u32', clear: 'u32', scale: 'f32' },
    bindings: { ids: read('u32', 'T'), w: read(element, 'N W'), y: write('f32', 'T C') },
    overrides,
    workgroups: ({ T, C }) => [Math.ceil((T * Math.ceil(C / 4)) / 64)],
    cost: ({ T, N, W, C }) => ({ bytes: 4 * (T + Math.min(T, N) * W + T * C) }),
  }),
)

/** Adds ∂loss/∂w to what is there. */
export const embeddingBackward = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'embedding-backward',
    code: [fold, value, backward],
    params: { T: 'u32', C: 'u32', N: 'u32', first: 'u32', scale: 'f32' },
    bindings: {
      rows: read('u32', 'T'),
      starts: read('u32', 'S'),
      order: read('u32', 'T'),
      dy: read(element, 'T C'),
      dw: write(element, 'N C'),
    },
    workgroups: ({ T, C }) => [Math.ceil((T * C) / (64 * width))],
    // Each row that is named is read and written.
    cost: ({ T, S, N, C }) => ({ bytes: 4 * (2 * T + S + T * C + 2 * Math.min(T, N) * C) }),
  }),
)

/** The embedding matrix is trained, but nothing says which tokens share a row. */
export class MissingGroupsError extends Error {
  override name = 'MissingGroupsError'
}

/** Tokens by vocabulary row; all sizes depend on the number of tokens alone, so that a recording replays. */
export interface TokenGroups<A = Tensor> {
  /** [T]: vocabulary row of each group; 0xffffffff from the number of groups on. */
  readonly rows: A
  /** [T + 1]: where each group begins in `order`; from the number of groups on, T. */
  readonly starts: A
  /** [T]: positions of the tokens, by id, then by position. */
  readonly order: A
}

/** Groups the positions of equal ids, so that each row of a gradient has one writer with a fixed order. */
export function groupTokens(ids: Uint32Array): TokenGroups<Uint32Array> {
  const T = ids.length
  const order = Uint32Array.from(ids.keys()).sort((a, b) => ids[a]! - ids[b]! || a - b)
  const rows = new Uint32Array(T).fill(0xffffffff)
  const starts = new Uint32Array(T + 1).fill(T)
  let groups = 0
  order.forEach((position, j) => {
    const id = ids[position]!
    if (groups > 0 && rows[groups - 1] === id) return
    rows[groups] = id
    starts[groups++] = j
  })
  return { rows, starts, order }
}

/**
 * Looks rows of a matrix up: ids u32 [T], w [V, C] → scale·w[ids] [T, C]. An id from V on takes zeros.
 *
 * @param groups those of `ids` (see `groupTokens`); needed only where w is trained
 * @throws {MissingGroupsError} if w is trained and `groups` is null
 */
export function embedding(
  tape: Tape,
  ids: Tensor,
  w: Weight,
  groups: TokenGroups | null,
  { scale = 1 } = {},
): Tensor {
  const { gpu } = tape
  const [T = 0] = ids.shape
  const [, C = 0] = w.shape
  const shards = shardsOf(w)
  if (!groups && shards.some(({ values }) => tape.tracks(values))) {
    throw new MissingGroupsError(
      'embedding: w is trained and groups is null, expected the groups of ids. Upload groupTokens(ids)',
    )
  }
  if (groups && groups.starts.size !== T + 1) {
    throw new ShapeError(
      `embedding: starts has shape [${groups.starts.shape.join(', ')}], expected [T + 1] with T = ${T} as in ids`,
    )
  }
  const y = tape.tensor([T, C])
  for (const { first, format, values } of shards) {
    const kernel = ofFormat(embeddingForward, format, C)
    gpu.run(kernel, { ids, w: values, y }, { first, clear: first === 0 ? 1 : 0, scale })
  }
  const parts = shards.map(({ values }) => values)
  tape.record(parts, [y], [], () => {
    for (const { first, values } of shards) {
      const dw = tape.destination(values)
      if (!dw || !groups) continue
      if (dw.accumulate === 0) gpu.clear(dw.grad)
      const kernel = ofWidth(embeddingBackward, C)
      gpu.run(kernel, { ...groups, dy: tape.gradient(y), dw: dw.grad }, { first, scale })
    }
  })
  return y
}
