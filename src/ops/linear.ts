import type { Gpu } from '../gpu/gpu'
import type { Tensor } from '../gpu/tensor'
import { columnSums, spreadRows } from './bias'
import { shardNn, shardNt, shardTn } from './matmul'
import { shardsOf, type Weight } from './matrix'
import type { Tape } from './tape'

/** y = x·wᵀ + b: x [N, I], w [O, I], b [O] → y [N, O]. */
export function linear(tape: Tape, x: Tensor, w: Weight, b: Tensor | null = null): Tensor {
  const y = product(tape, x, w, b)
  tape.record([x, ...trainable(w, b)], [y], [], () => productBackward(tape, x, w, b, tape.gradient(y)))
  return y
}

/** The tensors of a layer that a gradient may flow into. */
export const trainable = (w: Weight, b: Tensor | null): readonly Tensor[] => [
  ...shardsOf(w).map(({ values }) => values),
  ...(b ? [b] : []),
]

/** x·wᵀ + b, not recorded. */
export function product(tape: Tape, x: Tensor, w: Weight, b: Tensor | null): Tensor {
  const { gpu } = tape
  const [N = 0] = x.shape
  const [O = 0] = w.shape
  const y = tape.tensor([N, O])
  if (b) spreadRows(gpu, b, y)
  for (const shard of shardsOf(w)) shardNt(gpu, x, shard, y, { accumulate: b !== null })
  return y
}

/** Adds what `product` contributes to the gradients of x, w and b, from that of its result, dy [N, O]. */
export function productBackward(tape: Tape, x: Tensor, w: Weight, b: Tensor | null, dy: Tensor): void {
  const dx = tape.destination(x)
  if (dx) inputBackward(tape.gpu, w, dy, dx.grad, { accumulate: dx.accumulate === 1 })
  parameterBackward(tape, x, w, b, dy)
}

/** Adds what `product` contributes to the gradients of w and b alone. */
export function parameterBackward(tape: Tape, x: Tensor, w: Weight, b: Tensor | null, dy: Tensor): void {
  weightBackward(tape, x, w, dy)
  const db = b && tape.destination(b)
  if (db) columnSums(tape.gpu, dy, db.grad, { accumulate: db.accumulate === 1 })
}

/** dx = dy·w (+ dx): dy [N, O], w [O, I] → dx [N, I]. */
export function inputBackward(
  gpu: Gpu,
  w: Weight,
  dy: Tensor,
  dx: Tensor,
  { accumulate = false }: { readonly accumulate?: boolean } = {},
): void {
  for (const shard of shardsOf(w)) shardNn(gpu, dy, shard, dx, { accumulate: accumulate || shard.first > 0 })
}

/** Adds dyᵀ·x to the gradient of w, where it is trained. */
export function weightBackward(tape: Tape, x: Tensor, w: Weight, dy: Tensor): void {
  for (const { first, values } of shardsOf(w)) {
    const dw = tape.destination(values)
    if (dw) shardTn(tape.gpu, dy, x, dw.grad, first, { accumulate: dw.accumulate === 1 })
  }
}
