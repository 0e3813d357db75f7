import type { Tensor } from '../gpu/tensor'
import { spreadRows } from './bias'
import { type Dropout, type DropoutOptions, dropInputs } from './dropout'
import { fusedBackward, fusedForward, fusesLora, fusesLoraBackward } from './fused-lora'
import { parameterBackward, product, productBackward, trainable } from './linear'
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
  const low = tape.tensor([N, R])
  withDropped(tape, x, dropout, { stream }, seen => matmulNt(gpu, seen, a, low))
  const y = changed(tape, x, w, { low, b, scale }, bias)
  tape.record([x, a, b, ...trainable(w, bias)], [y], [low], () => {
    const dy = tape.gradient(y)
    const dlow = factorGradients(tape, x, { a, b, scale, stream }, low, dy, dropout)
    if (!dropout && fusesLoraBackward(gpu, w, R)) {
      const dx = tape.destination(x)
      if (dx) fusedBackward(gpu, w, { dy, dlow, a, dx: dx.grad }, dx)
      parameterBackward(tape, x, w, bias, dy)
      tape.free(dlow)
      return
    }
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

/** x·wᵀ + bias + scale·low·Bᵀ, not recorded. */
function changed(
  tape: Tape,
  x: Tensor,
  w: Weight,
  { low, b, scale }: { readonly low: Tensor; readonly b: Tensor; readonly scale: number },
  bias: Tensor | null,
): Tensor {
  const { gpu } = tape
  if (!fusesLora(gpu, w, low.shape[1] ?? 0)) {
    const y = product(tape, x, w, bias)
    matmulNt(gpu, low, b, y, { alpha: scale, accumulate: true })
    return y
  }
  const y = tape.tensor([x.shape[0] ?? 0, w.shape[0] ?? 0])
  if (bias) spreadRows(gpu, bias, y)
  fusedForward(gpu, w, { x, low, b, y }, { scale, accumulate: bias !== null })
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
