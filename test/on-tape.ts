import { expect } from 'vitest'
import type { Gpu } from '../src/gpu/gpu'
import type { Tensor } from '../src/gpu/tensor'
import { Tape } from '../src/ops/tape'
import { expectClose } from './numbers'

export interface Input {
  readonly shape: readonly number[]
  readonly data: Float32Array
}
export interface Result {
  readonly y: Float32Array
  readonly grads: Readonly<Record<string, Float32Array>>
}
type Op<K extends string> = (tape: Tape, tensors: Readonly<Record<K, Tensor>>) => Tensor

/** What a parameter's gradient holds before the backward pass, which must add to it. */
const START = 0.5

/**
 * Runs an op forwards and backwards on a real tape.
 *
 * @param leaves whether the inputs are parameters, whose gradients are added to what is there, or results of
 *   other ops, whose gradients are written over whatever memory holds (here NaN)
 */
export async function onTape<K extends string>(
  gpu: Gpu,
  inputs: Readonly<Record<K, Input>>,
  dy: Float32Array,
  op: Op<K>,
  { leaves }: { leaves: boolean },
): Promise<Result> {
  const names = Object.keys(inputs) as K[]
  const tensor = (name: K, data: Float32Array) => gpu.tensor(inputs[name].shape, data)
  const values = names.map(name => tensor(name, inputs[name].data))
  const starts = names.map(name =>
    tensor(
      name,
      inputs[name].data.map(() => (leaves ? START : 0)),
    ),
  )
  const tape = new Tape(gpu)
  names.forEach((_, i) => {
    tape.parameter(values[i]!, starts[i]!)
  })
  const entered = names.map((name, i) => [name, leaves ? values[i]! : copied(tape, values[i]!)] as const)
  const y = op(tape, Object.fromEntries(entered) as Record<K, Tensor>)
  const read = gpu.read(y)
  using seed = gpu.tensor(y.shape, dy)
  poison(gpu, [y, ...values])
  tape.backward(y, seed)
  const grads = await Promise.all(starts.map(grad => gpu.read(grad)))
  expect(await gpu.read(seed), 'the gradient given to backward is the caller’s and stays').toEqual(dy)
  for (const t of [...values, ...starts]) t[Symbol.dispose]()
  return { y: await read, grads: Object.fromEntries(names.map((name, i) => [name, grads[i]!])) }
}

/** Asserts an op's result and gradients, added to parameters and written afresh, and the same bits again. */
export async function expectOp<K extends string>(
  gpu: Gpu,
  inputs: Readonly<Record<K, Input>>,
  dy: Float32Array,
  op: Op<K>,
  want: { readonly y: ArrayLike<number>; readonly grads: Readonly<Record<K, ArrayLike<number>>> },
  bound: { readonly atol: number; readonly rtol: number },
): Promise<void> {
  const added = await onTape(gpu, inputs, dy, op, { leaves: true })
  const written = await onTape(gpu, inputs, dy, op, { leaves: false })
  expectClose(added.y, want.y, bound)
  for (const name of Object.keys(inputs) as K[]) {
    const grad = want.grads[name]
    expectClose(written.grads[name]!, grad, bound)
    expectClose(
      added.grads[name]!,
      Array.from(grad, g => g + START),
      bound,
    )
  }
  expect(await onTape(gpu, inputs, dy, op, { leaves: false })).toEqual(written)
}

/** A copy made by an op of the tape; its gradient goes back to `x`. */
function copied(tape: Tape, x: Tensor): Tensor {
  const y = tape.tensor(x.shape)
  tape.gpu.copy(x, y)
  tape.record([x], [y], [], () => tape.gpu.copy(tape.gradient(y), tape.destination(x)!.grad))
  return y
}

/** Leaves NaN in free memory of these sizes, so that reading what was never written shows. */
function poison(gpu: Gpu, sizes: readonly Tensor[]): void {
  const blocks = sizes.map(({ size }) => gpu.tensor([size], new Float32Array(size).fill(Number.NaN)))
  for (const block of blocks) block[Symbol.dispose]()
}
