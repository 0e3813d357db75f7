import type { Gpu } from './gpu'
import type { Dtype } from './kernel'
import type { Block } from './pool'
import { Tensor } from './tensor'

/** Most bytes of a block for several tensors: one buffer for all of a large model is what a driver may refuse. */
const BLOCK_BYTES = 2 ** 30

/** Tensors begin at multiples of so many bytes, which bindings need. */
const ALIGNMENT = 256

export interface TensorShape {
  readonly shape: readonly number[]
  readonly dtype?: Dtype
}

/**
 * Tensors that lie one after the other, in as few blocks of memory as bindings allow, with undefined contents. Each is
 * disposed by itself, and a block's memory is given back once the last of its tensors is.
 *
 * @throws {OutOfMemoryError} if one of them exceeds what a binding may hold
 */
export function adjacentTensors(gpu: Gpu, shapes: readonly TensorShape[]): Tensor[] {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize, BLOCK_BYTES)
  const tensors: Tensor[] = []
  try {
    for (let begin = 0; begin < shapes.length; ) {
      let end = begin
      let bytes = 0
      while (end < shapes.length) {
        const more = padded(bytes) + bytesOf(shapes[end]!)
        if (end > begin && more > limit) break
        bytes = more
        end++
      }
      tensors.push(...blockOf(gpu, shapes.slice(begin, end), bytes))
      begin = end
    }
  } catch (error) {
    for (const tensor of tensors) tensor[Symbol.dispose]()
    throw error
  }
  return tensors
}

/** As few tensors [N] as hold all of these: those that lie one after the other are one. Not to be disposed. */
export function joined(tensors: readonly Tensor[]): Tensor[] {
  const runs: [Tensor, Tensor][] = []
  for (const tensor of inMemoryOrder(tensors, own => own)) {
    const run = runs.at(-1)
    if (run && follows(tensor, run[1])) run[1] = tensor
    else runs.push([tensor, tensor])
  }
  return runs.map(([first, last]) => spanning(first, last))
}

/**
 * As they lie in memory, block by block. Blocks come in the order in which the items have them: one that depends on the
 * items alone, and not on which blocks happened to be free.
 */
export function inMemoryOrder<T>(items: readonly T[], tensorOf: (item: T) => Tensor): T[] {
  const blocks = new Map<Block, T[]>()
  for (const item of items) {
    const { block } = tensorOf(item)
    const group = blocks.get(block)
    if (group) group.push(item)
    else blocks.set(block, [item])
  }
  return [...blocks.values()].flatMap(group => group.sort((a, b) => tensorOf(a).offset - tensorOf(b).offset))
}

/** Whether a tensor begins where another one ends, but for the padding. */
export const follows = (tensor: Tensor, last: Tensor): boolean =>
  tensor.block === last.block &&
  tensor.dtype === last.dtype &&
  tensor.offset === last.offset + padded(last.bytes)

/** The memory from the first of some tensors to the last, with the padding between them, [N]. Not to be disposed. */
export function spanning(first: Tensor, last: Tensor): Tensor {
  const size = (last.offset + last.bytes - first.offset) / 4
  return new Tensor(first.block, first.offset, [size], first.dtype, null, first, null)
}

function blockOf(gpu: Gpu, shapes: readonly TensorShape[], bytes: number): Tensor[] {
  const [only] = shapes
  if (only && shapes.length === 1) return [gpu.empty(only.shape, only.dtype)]
  const whole = gpu.empty([bytes / 4])
  let held = shapes.length
  const release = () => {
    if (--held === 0) whole[Symbol.dispose]()
  }
  let offset = 0
  return shapes.map(({ shape, dtype = 'f32' }) => {
    const tensor = new Tensor(whole.block, offset, shape, dtype, null, null, release)
    offset += padded(tensor.bytes)
    return tensor
  })
}

const bytesOf = ({ shape }: TensorShape) => shape.reduce((a, b) => a * b, 4)

const padded = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
