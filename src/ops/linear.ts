import type { Tensor } from '../gpu/tensor'
import { matmulNn, matmulNt, matmulTn } from './matmul'
import type { Tape } from './tape'

/** y = x·wᵀ: x [N, I], w [O, I] → y [N, O]. */
export function linear(tape: Tape, x: Tensor, w: Tensor): Tensor {
  const { gpu } = tape
  const [N = 0] = x.shape
  const [O = 0] = w.shape
  const y = tape.tensor([N, O])
  matmulNt(gpu, x, w, y)
  tape.record([x, w], [y], [], () => {
    const dy = tape.gradient(y)
    const dx = tape.destination(x)
    if (dx) matmulNn(gpu, dy, w, dx.grad, { accumulate: dx.accumulate === 1 })
    const dw = tape.destination(w)
    if (dw) matmulTn(gpu, dy, x, dw.grad, { accumulate: dw.accumulate === 1 })
  })
  return y
}
