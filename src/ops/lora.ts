import type { Tensor } from '../gpu/tensor'
import { type Dropout, type DropoutOptions, dropInputs } from './dropout'
import { product, productBackward, trainable } from './linear'
import { matmulNn, matmulNt, matmulTn } from './matmul'
import type { Weight } from './matrix'
import type { Tape } from './tape'

/** A low-rank change of a linear layer: W + scale·B·A, with a [R, I] and b [O, R]. */
export interface LoraFactors {
  readonly a: Tensor
  readonly b: Tensor
  readonly scale: number
  /** Tells its dropout from that of other layers. */
  readonly stream: number
  /** Lengths [O] of the rows of the changed weight, where it is decomposed; see `dora`. */
  readonly magnitude: Tensor | null
}

export interface LoraOptions {
  readonly bias?: Tensor | null
  /** Of what the low-rank branch sees, in training. */
  readonly dropout?: Dropout | null
}

/**
 * y = x·wᵀ + bias + scale·(drop(x)·aᵀ)·Bᵀ: x [N, I], w [O, I], bias [O], factors a [R, I] and B [O, R] → y [N, O].
 * https://arxiv.org/abs/2106.09685
 */
export function lora(
  tape: Tape,
  x: Tensor,
  w: Weight,
  { a, b, scale, stream }: Omit<LoraFactors, 'magnitude'>,
  { bias = null, dropout = null }: LoraOptions = {},
): Tensor {
  const { gpu } = tape
  const [N = 0] = x.shape
  const [R = 0] = a.shape
  const y = product(tape, x, w, bias)
  const low = tape.tensor([N, R])
  withDropped(tape, x, dropout, { stream }, seen => matmulNt(gpu, seen, a, low))
  matmulNt(gpu, low, b, y, { alpha: scale, accumulate: true })
  tape.record([x, a, b, ...trainable(w, bias)], [y], [low], () => {
    const dy = tape.gradient(y)
    const dlow = factorGradients(tape, x, { a, b, scale, stream }, low, dy, dropout)
    productBackward(tape, x, w, bias, dy)
    const dx = tape.destination(x)
    if (dx && !dropout) matmulNn(gpu, dlow, a, dx.grad, { accumulate: true })
    if (dx && dropout) {
      const dseen = tape.tensor(x.shape)
      matmulNn(gpu, dlow, a, dseen)
      dropInputs(gpu, dropout, dseen, dx.grad, { stream, accumulate: true })
      tape.free(dseen)
    }
    tape.free(dlow)
  })
  return y
}

/** Gives `use` the dropped inputs [N, I], or what was left out of them: made anew for each use, rather than kept. */
export function withDropped<T>(
  tape: Tape,
  x: Tensor,
  dropout: Dropout | null,
  which: Pick<DropoutOptions, 'stream' | 'dropped'>,
  use: (seen: Tensor) => T,
): T {
  if (!dropout) return use(x)
  const seen = tape.tensor(x.shape)
  dropInputs(tape.gpu, dropout, x, seen, which)
  const result = use(seen)
  tape.free(seen)
  return result
}

/**
 * Adds to the gradients of a and b, from that of scale·low·Bᵀ, dz [N, O].
 *
 * @returns that of low, [N, R], which the caller frees
 */
export function factorGradients(
  tape: Tape,
  x: Tensor,
  { a, b, scale, stream }: Omit<LoraFactors, 'magnitude'>,
  low: Tensor,
  dz: Tensor,
  dropout: Dropout | null,
): Tensor {
  const { gpu } = tape
  const dlow = tape.tensor(low.shape)
  matmulNn(gpu, dz, b, dlow, { alpha: scale })
  const db = tape.destination(b)
  if (db) matmulTn(gpu, dz, low, db.grad, { alpha: scale, accumulate: db.accumulate === 1 })
  const da = tape.destination(a)
  if (da) {
    withDropped(tape, x, dropout, { stream }, seen =>
      matmulTn(gpu, dlow, seen, da.grad, { accumulate: da.accumulate === 1 }),
    )
  }
  return dlow
}
