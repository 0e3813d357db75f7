import type { Tensor } from '../gpu/tensor'
import { product, productBackward, trainable } from './linear'
import { matmulNn, matmulNt, matmulTn } from './matmul'
import type { Weight } from './matrix'
import type { Tape } from './tape'

/** A low-rank change of a linear layer: W + scale·B·A, with a [R, I] and b [O, R]. */
export interface LoraFactors {
  readonly a: Tensor
  readonly b: Tensor
  readonly scale: number
}

/**
 * y = x·wᵀ + b + scale·(x·aᵀ)·Bᵀ: x [N, I], w [O, I], b [O], factors a [R, I] and B [O, R] → y [N, O].
 * https://arxiv.org/abs/2106.09685
 */
export function lora(
  tape: Tape,
  x: Tensor,
  w: Weight,
  { a, b, scale }: LoraFactors,
  bias: Tensor | null = null,
): Tensor {
  const { gpu } = tape
  const [N = 0] = x.shape
  const [R = 0] = a.shape
  const y = product(tape, x, w, bias)
  const low = tape.tensor([N, R])
  matmulNt(gpu, x, a, low)
  matmulNt(gpu, low, b, y, { alpha: scale, accumulate: true })
  tape.record([x, a, b, ...trainable(w, bias)], [y], [low], () => {
    const dy = tape.gradient(y)
    const dlow = tape.tensor([N, R])
    matmulNn(gpu, dy, b, dlow, { alpha: scale })
    const db = tape.destination(b)
    if (db) matmulTn(gpu, dy, low, db.grad, { alpha: scale, accumulate: db.accumulate === 1 })
    const da = tape.destination(a)
    if (da) matmulTn(gpu, dlow, x, da.grad, { accumulate: da.accumulate === 1 })
    productBackward(tape, x, w, bias, dy)
    const dx = tape.destination(x)
    if (dx) matmulNn(gpu, dlow, a, dx.grad, { accumulate: true })
    tape.free(dlow)
  })
  return y
}
