import type { Gpu } from '../gpu/gpu'
import type { Dtype } from '../gpu/kernel'
import type { Tensor } from '../gpu/tensor'

interface Entry {
  readonly outputs: readonly Tensor[]
  readonly saved: readonly Tensor[]
  readonly backward: () => void
}

/** Where a backward pass writes: the gradient, and 1 if it must add to what is there. */
export interface Destination {
  readonly grad: Tensor
  readonly accumulate: 0 | 1
}

/**
 * Remembers the ops of a forward pass and replays them backwards. It owns every tensor that ops make, and frees
 * each as soon as the backward pass has gone by, or at the end of its `block` when no gradient is wanted.
 */
export class Tape implements Disposable {
  readonly #entries: Entry[] = []
  readonly #owned = new Set<Tensor>()
  readonly #parameters = new Map<Tensor, Tensor>()
  readonly #grads = new Map<Tensor, Tensor>()
  readonly #tracked = new Set<Tensor>()
  /** Whether `backward` will be called. */
  readonly grad: boolean

  constructor(
    readonly gpu: Gpu,
    { grad = true } = {},
  ) {
    this.grad = grad
  }

  /** From here on, ∂loss/∂`value` is added to `grad`, a tensor of the caller. */
  parameter(value: Tensor, grad: Tensor): void {
    if (this.grad) this.#parameters.set(root(value), grad)
  }

  /** A new tensor that the tape will free. */
  tensor(shape: readonly number[], dtype: Dtype = 'f32'): Tensor {
    const tensor = this.gpu.empty(shape, dtype)
    this.#owned.add(tensor)
    return tensor
  }

  /** Whether a gradient flows into `value`. */
  tracks(value: Tensor): boolean {
    const r = root(value)
    return this.#tracked.has(r) || this.#parameters.has(r)
  }

  /**
   * Registers an op that has run. `backward` is called later, if a gradient flows into any input; it asks
   * for `gradient(output)` and adds to the `destination` of each input.
   *
   * @param saved tensors that only the backward pass needs
   */
  record(
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    saved: readonly Tensor[],
    backward: () => void,
  ): void {
    if (!this.grad) {
      for (const tensor of saved) this.free(tensor)
      return
    }
    const tracked = inputs.some(input => this.tracks(input))
    if (tracked) for (const output of outputs) this.#tracked.add(root(output))
    this.#entries.push({ outputs, saved, backward: tracked ? backward : () => {} })
  }

  /** ∂loss/∂`output`, for use inside a backward function. */
  gradient(output: Tensor): Tensor {
    const grad = this.#grads.get(root(output))
    if (!grad)
      throw new Error(
        'Tape: an output has no gradient; it was not used, or backward was called on another tensor',
      )
    return grad.view(output.shape)
  }

  /** Where to write ∂loss/∂`input`; null if nobody wants it. */
  destination(input: Tensor): Destination | null {
    const r = root(input)
    const parameter = this.#parameters.get(r)
    if (parameter) return { grad: parameter.view(input.shape), accumulate: 1 }
    if (!this.#tracked.has(r)) return null
    const existing = this.#grads.get(r)
    if (existing) return { grad: existing.view(input.shape), accumulate: 1 }
    const grad = this.tensor(r.shape)
    this.#grads.set(r, grad)
    return { grad: grad.view(input.shape), accumulate: 0 }
  }

  /**
   * Makes the gradient of `output` that of `input` without a copy, if `input` has none yet and the tape owns it:
   * what the caller gave to `backward` must not be added to. Returns false otherwise: use `destination` then.
   */
  handOver(output: Tensor, input: Tensor): boolean {
    const to = root(input)
    if (this.#parameters.has(to) || this.#grads.has(to)) return false
    const grad = this.#grads.get(root(output))
    if (!grad || !this.#owned.has(root(grad))) return false
    this.#grads.delete(root(output))
    this.#grads.set(to, grad)
    return true
  }

  /**
   * Runs the backward pass from `output` with ∂loss/∂`output` = `grad` (the caller's tensor), freeing
   * everything the tape owns on the way.
   */
  backward(output: Tensor, grad: Tensor): void {
    this.#grads.set(root(output), grad)
    for (const entry of this.#entries.reverse()) {
      if (entry.outputs.some(o => this.#grads.has(root(o)))) entry.backward()
      for (const tensor of [...entry.outputs, ...entry.saved]) {
        const g = this.#grads.get(root(tensor))
        if (g) this.free(g)
        this.#grads.delete(root(tensor))
        this.free(tensor)
      }
    }
    this.#entries.length = 0
    this[Symbol.dispose]()
  }

  /** Runs part of a forward pass. Without gradients, all it made but its result is freed. */
  block(body: () => Tensor): Tensor {
    if (this.grad) return body()
    const before = new Set(this.#owned)
    const result = body()
    for (const tensor of [...this.#owned])
      if (!before.has(tensor) && tensor !== root(result)) this.free(tensor)
    return result
  }

  /**
   * Runs part of a forward pass, keeps nothing of it but its result, and runs it again when the backward pass comes
   * by: time for memory. Chen et al., Training Deep Nets with Sublinear Memory Cost, https://arxiv.org/abs/1604.06174
   *
   * @param input the only tensor that a gradient flows into from the part, but for parameters
   * @param body makes the result on the tape that it is given; the same each time
   */
  recomputed(input: Tensor, body: (tape: Tape) => Tensor): Tensor {
    if (!this.grad) return this.block(() => body(this))
    using once = new Tape(this.gpu, { grad: false })
    const output = once.release(root(body(once)))
    this.#owned.add(output)
    this.record([input, ...this.#parameters.keys()], [output], [], () => {
      using again = new Tape(this.gpu)
      for (const [value, grad] of this.#parameters) again.parameter(value, grad)
      const dx = this.destination(input)
      if (dx) {
        if (dx.accumulate === 0) this.gpu.clear(dx.grad)
        again.parameter(input, dx.grad)
      }
      again.backward(body(again), this.gradient(output))
    })
    return output
  }

  /** Gives a tensor of this tape back before its time. Others are left alone. */
  free(tensor: Tensor): void {
    const r = root(tensor)
    if (this.#owned.delete(r)) r[Symbol.dispose]()
  }

  /** Takes a tensor out of the tape's hands; the caller disposes it. */
  release(tensor: Tensor): Tensor {
    this.#owned.delete(root(tensor))
    return tensor
  }

  [Symbol.dispose](): void {
    for (const tensor of this.#owned) tensor[Symbol.dispose]()
    this.#owned.clear()
    this.#grads.clear()
    this.#tracked.clear()
  }
}

const root = (tensor: Tensor): Tensor => tensor.base ?? tensor
