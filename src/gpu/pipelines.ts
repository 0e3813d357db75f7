import type { Counters } from './counters'
import type { Bindings, Kernel, Params } from './kernel'
import { COMPUTE_STAGE } from './usage'

export interface Compiled {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
  readonly layoutId: number
}

/**
 * Compiles kernels, each once. Kernels whose bindings have the same kinds share a bind group layout,
 * so a bind group made for one serves the others.
 */
export class Pipelines {
  readonly #compiled = new WeakMap<object, Compiled>()
  readonly #layouts = new Map<
    string,
    { id: number; group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }
  >()

  constructor(
    private readonly device: GPUDevice,
    private readonly counters: Counters,
  ) {}

  get<B extends Bindings, P extends Params>(kernel: Kernel<B, P>): Compiled {
    const found = this.#compiled.get(kernel)
    if (found) return found
    const { name: label, code, overrides } = kernel
    const module = this.device.createShaderModule({ label, code: code.join('\n') })
    const layout = this.#layout(kernel.bindings)
    const pipeline = this.device.createComputePipeline({
      label,
      layout: layout.pipeline,
      compute: { module, entryPoint: 'main', ...(overrides ? { constants: { ...overrides } } : {}) },
    })
    this.counters.pipelines++
    const compiled = { pipeline, layout: layout.group, layoutId: layout.id }
    this.#compiled.set(kernel, compiled)
    return compiled
  }

  #layout(bindings: Bindings) {
    const access = Object.values(bindings).map(b => b.access)
    const key = access.join()
    let layout = this.#layouts.get(key)
    if (!layout) {
      const visibility = COMPUTE_STAGE
      const group = this.device.createBindGroupLayout({
        entries: [
          { binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } },
          ...access.map((a, i) => ({
            binding: i + 1,
            visibility,
            buffer: { type: a === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
          })),
        ],
      })
      const pipeline = this.device.createPipelineLayout({ bindGroupLayouts: [group] })
      layout = { id: this.#layouts.size, group, pipeline }
      this.#layouts.set(key, layout)
    }
    return layout
  }
}
