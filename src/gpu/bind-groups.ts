import type { Counters } from './counters'
import type { Arguments, Bindings, Kernel, Params } from './kernel'
import type { Compiled } from './pipelines'
import { type Block, FOREIGN } from './pool'

/** More than any model needs; beyond it the cache starts over, lest it hold what is no longer used. */
const LIMIT = 4096

/** Makes bind groups, and remembers them by what they bind: making one costs up to 16 µs. */
export class BindGroups {
  #groups = new Map<string, GPUBindGroup>()

  constructor(
    private readonly device: GPUDevice,
    private readonly counters: Counters,
  ) {}

  /** @param uniform what holds the parameters; null where the commands do */
  get<B extends Bindings, P extends Params>(
    kernel: Kernel<B, P>,
    { layout, layoutId }: Compiled,
    tensors: Arguments<B>,
    uniform: Block | null,
  ): GPUBindGroup {
    let key = `${layoutId}|${uniform?.id}`
    const entries: GPUBindGroupEntry[] = uniform
      ? [{ binding: 0, resource: { buffer: uniform.buffer, size: 256 } }]
      : []
    let foreign = false
    for (const [i, name] of Object.keys(kernel.bindings).entries()) {
      const { block, offset, bytes } = tensors[name]!
      // Shaders may view four values at a time; blocks are multiples of 256 bytes, so rounding up stays inside.
      const size = Math.max(16, Math.ceil(bytes / 16) * 16)
      key += `|${block.id}:${offset}:${size}`
      entries.push({ binding: i + 1, resource: { buffer: block.buffer, offset, size } })
      foreign ||= block.id === FOREIGN
    }
    let group = foreign ? undefined : this.#groups.get(key)
    if (!group) {
      group = this.device.createBindGroup({ label: kernel.name, layout, entries })
      this.counters.bindGroups++
      if (foreign) return group
      if (this.#groups.size >= LIMIT) this.clear()
      this.#groups.set(key, group)
    }
    return group
  }

  /** Forgets all. To be called when buffers were destroyed: a bind group would keep their memory. */
  clear(): void {
    this.#groups = new Map()
  }
}
