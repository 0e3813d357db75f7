import type { Tensor } from '../gpu/tensor'
import { matmulNn, matmulNt, matmulTn } from './matmul'
import type { Tape } from './tape'

/** A low-rank change of a linear layer: W + scale·B·A, with a [R, I] and b [O, R]. */
export interface LoraFactors {
  readonly a: Tensor
  readonly b: Tensor
  readonly scale: number
}

/** y = x·wᵀ + scale·(x·aᵀ)·bᵀ: x [N, I], w [O, I], a [R, I], b [O, R] → y [N, O]. https://arxiv.org/abs/2106.09685 */
export function lora(tape: Tape, x: Tensor, w: Tensor, { a, b, scale }: LoraFactors): Tensor {
  const { gpu } = tape
  const [N = 0] = x.shape
  const [O = 0] = w.shape
  const [R = 0] = a.shape
  const y = tape.tensor([N, O])
  const low = tape.tensor([N, R])
  matmulNt(gpu, x, w, y)
  matmulNt(gpu, x, a, low)
  matmulNt(gpu, low, b, y, { alpha: scale, accumulate: true })
  tape.record([x, w, a, b], [y], [low], () => {
    const dy = tape.gradient(y)
    const dlow = tape.tensor([N, R])
    matmulNn(gpu, dy, b, dlow, { alpha: scale })
    const db = tape.destination(b)
    if (db) matmulTn(gpu, dy, low, db.grad, { alpha: scale, accumulate: db.accumulate === 1 })
    const da = tape.destination(a)
    if (da) matmulTn(gpu, dlow, x, da.grad, { accumulate: da.accumulate === 1 })
    const dx = tape.destination(x)
    if (dx) {
      matmulNn(gpu, dy, w, dx.grad, { accumulate: dx.accumulate === 1 })
      matmulNn(gpu, dlow, a, dx.grad, { accumulate: true })
    }
    const dw = tape.destination(w)
    if (dw) matmulTn(gpu, dy, x, dw.grad, { accumulate: dw.accumulate === 1 })
    tape.free(dlow)
  })
  return y
}
