import code from '#shaders/column-sums.wgsl?raw'
import fold from '#shaders/lib/fold.wgsl?raw'
import spread from '#shaders/spread-row.wgsl?raw'
import type { Gpu } from '../gpu/gpu'
import { defineKernel, read, write } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'
import { byWidth, ofWidth } from './row-kernels'
import type { Destination } from './tape'

/** Rows that are not worth a part. */
const SHORTEST = 16

/** y[n] = b in every row. */
export const spreadRow = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'spread-row',
    code: [fold, value, spread],
    params: { N: 'u32', O: 'u32' },
    bindings: { b: read(element, 'O'), y: write(element, 'N O') },
    workgroups: ({ N, O }) => [Math.ceil((N * O) / (256 * width))],
  }),
)

/** Sums over parts of the rows. */
export const columnSum = byWidth(({ code: value, element, width }) =>
  defineKernel({
    name: 'column-sums',
    code: [value, code],
    params: { N: 'u32', O: 'u32', height: 'u32', accumulate: 'u32' },
    bindings: { dy: read(element, 'N O'), part: write(element, 'P O') },
    workgroups: ({ P, O }) => [Math.ceil(O / (64 * width)), P],
  }),
)

/** Fills every row of y [N, O] with b [O]: where a product with a bias begins. */
export function spreadRows(gpu: Gpu, b: Tensor, y: Tensor): void {
  gpu.run(ofWidth(spreadRow, b.size), { b, y }, {})
}

/** db [O] = Σ over the rows of dy [N, O] (+ db): the gradient of a bias, summed in a fixed order. */
export function columnSums(gpu: Gpu, dy: Tensor, db: Tensor, { accumulate = false } = {}): void {
  const [N = 0] = dy.shape
  const kernel = ofWidth(columnSum, db.size)
  const into = { grad: db, accumulate: accumulate ? 1 : 0 } as const
  sumByParts(gpu, N, into, (part, params) => gpu.run(kernel, { dy, part }, params))
}

/**
 * A sum over N rows for each of O columns, into a gradient [O], by way of about √N sums of as many rows: no invocation
 * has much to do, and the order depends on N alone.
 *
 * @param run sums rows p·height to (p + 1)·height up in row p of `part` [P, O], or adds the sums to it
 */
export function sumByParts(
  gpu: Gpu,
  N: number,
  { grad, accumulate }: Destination,
  run: (part: Tensor, params: { readonly height: number; readonly accumulate: number }) => void,
): void {
  const O = grad.size
  const height = Math.max(SHORTEST, Math.ceil(Math.sqrt(N)))
  const P = Math.max(1, Math.ceil(N / height))
  const whole = grad.view([1, O])
  if (P === 1) {
    run(whole, { height, accumulate })
    return
  }
  using part = gpu.empty([P, O])
  run(part, { height, accumulate: 0 })
  gpu.run(ofWidth(columnSum, O), { dy: part, part: whole }, { height: P, accumulate })
}
