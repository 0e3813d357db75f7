import { ShapeError } from './errors'
import type { Dtype } from './kernel'
import type { Block } from './pool'

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

/** A contiguous, row-major array in GPU memory. Whoever creates it disposes it. */
export class Tensor implements Disposable {
  #disposed = false

  /**
   * @param block memory it lies in
   * @param offset bytes from the block's start, a multiple of 256
   * @param base the tensor that this one is another shape of: the same values, the same gradient
   * @param owner the tensor whose memory this one is a part of
   * @param release gives the memory back
   */
  constructor(
    readonly block: Block,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly dtype: Dtype,
    readonly base: Tensor | null,
    private readonly owner: Tensor | null,
    private readonly release: ((tensor: Tensor) => void) | null,
  ) {}

  /** Number of elements. */
  get size(): number {
    return product(this.shape)
  }

  get bytes(): number {
    return this.size * 4
  }

  get disposed(): boolean {
    return this.owner ? this.owner.disposed : this.#disposed
  }

  /** The same memory under another shape of the same size. Not to be disposed. */
  view(shape: readonly number[]): Tensor {
    if (product(shape) !== this.size) {
      throw new ShapeError(
        `view: [${this.shape.join(', ')}] has ${this.size} elements, [${shape.join(', ')}] has not`,
      )
    }
    return new Tensor(this.block, this.offset, shape, this.dtype, this.base ?? this, this, null)
  }

  /**
   * Rows `begin` to `end` of the outermost axis. Not to be disposed.
   *
   * @throws {ShapeError} if the rows do not begin at a multiple of 256 bytes, which bindings need
   */
  rows(begin: number, end: number): Tensor {
    const [n = 1, ...rest] = this.shape
    const offset = this.offset + begin * product(rest) * 4
    if (begin < 0 || end > n || begin > end || offset % 256 !== 0) {
      throw new ShapeError(
        `rows: ${begin} to ${end} of [${this.shape.join(', ')}] do not begin at 256 bytes or do not exist`,
      )
    }
    return new Tensor(this.block, offset, [end - begin, ...rest], this.dtype, null, this, null)
  }

  [Symbol.dispose](): void {
    if (this.owner || this.#disposed) return
    this.#disposed = true
    this.release?.(this)
  }
}
