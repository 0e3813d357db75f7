import type { Tensor } from '../gpu/tensor'
import { gelu } from '../ops/gelu'
import type { Tape } from '../ops/tape'

type Activation = (tape: Tape, x: Tensor) => Tensor

const exact: Activation = (tape, x) => gelu(tape, x, { approximate: 'none' })
const tanh: Activation = (tape, x) => gelu(tape, x, { approximate: 'tanh' })

/** Activations of ungated feed-forward parts, by their names in configs. */
export const activations: Readonly<Record<string, Activation>> = {
  gelu: exact,
  gelu_python: exact,
  gelu_new: tanh,
  gelu_fast: tanh,
  gelu_pytorch_tanh: tanh,
}
