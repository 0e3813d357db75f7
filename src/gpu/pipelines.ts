import type { Counters } from './counters'
import { GpuError } from './errors'
import { DIRECTIVES, type Feature } from './features'
import type { Bindings, Kernel, Params } from './kernel'
import { COMPUTE_STAGE } from './usage'

export interface Compiled {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
  readonly layoutId: number
  /** Whether dispatches bring the parameters along; a uniform buffer at binding 0 has them otherwise. */
  readonly immediate: boolean
}

interface Layout {
  readonly id: number
  readonly group: GPUBindGroupLayout
  readonly pipeline: GPUPipelineLayout
}

/** As every shader declares its parameters. */
const UNIFORM = '@group(0) @binding(0) var<uniform> params: Params;'
/** Bytes of immediates that every device with them has. https://www.w3.org/TR/webgpu/#limits */
const IMMEDIATE_BYTES = 64

/**
 * Compiles kernels, each once. Kernels whose bindings have the same kinds share a bind group layout,
 * so a bind group made for one serves the others.
 */
export class Pipelines {
  readonly #compiled = new WeakMap<object, Compiled>()
  readonly #layouts = new Map<string, Layout>()

  constructor(
    private readonly device: GPUDevice,
    private readonly features: ReadonlySet<Feature>,
    private readonly counters: Counters,
  ) {}

  /** @throws {GpuError} if the kernel requires a feature that the device has not */
  get<B extends Bindings, P extends Params>(kernel: Kernel<B, P>): Compiled {
    const found = this.#compiled.get(kernel)
    if (found) return found
    const { name: label, overrides, requires = [] } = kernel
    const missing = requires.filter(feature => !this.features.has(feature))
    if (missing.length > 0) {
      throw new GpuError(
        `${label}: this device has no ${missing.join(' and no ')}. Ask gpu.features before, and run a kernel without`,
      )
    }
    const source = kernel.code.join('\n')
    const size = Object.keys(kernel.params).length * 4
    const immediate = this.features.has('immediates') && size <= IMMEDIATE_BYTES && source.includes(UNIFORM)
    const directives = [...requires, ...(immediate ? (['immediates'] as const) : [])]
      .map(feature => DIRECTIVES[feature])
      .filter(line => line !== null)
    const code = immediate ? source.replace(UNIFORM, 'var<immediate> params: Params;') : source
    const module = this.device.createShaderModule({ label, code: [...directives, code].join('\n') })
    const layout = this.#layout(kernel.bindings, immediate)
    const pipeline = this.device.createComputePipeline({
      label,
      layout: layout.pipeline,
      compute: { module, entryPoint: 'main', ...(overrides ? { constants: { ...overrides } } : {}) },
    })
    this.counters.pipelines++
    const compiled = { pipeline, layout: layout.group, layoutId: layout.id, immediate }
    this.#compiled.set(kernel, compiled)
    return compiled
  }

  #layout(bindings: Bindings, immediate: boolean): Layout {
    const access = Object.values(bindings).map(b => b.access)
    const key = `${immediate} ${access.join()}`
    let layout = this.#layouts.get(key)
    if (!layout) {
      const visibility = COMPUTE_STAGE
      const params = { binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } } as const
      const group = this.device.createBindGroupLayout({
        entries: [
          ...(immediate ? [] : [params]),
          ...access.map((a, i) => ({
            binding: i + 1,
            visibility,
            buffer: { type: a === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
          })),
        ],
      })
      const pipeline = this.device.createPipelineLayout({
        bindGroupLayouts: [group],
        ...(immediate ? { immediateSize: IMMEDIATE_BYTES } : {}),
      })
      layout = { id: this.#layouts.size, group, pipeline }
      this.#layouts.set(key, layout)
    }
    return layout
  }
}
