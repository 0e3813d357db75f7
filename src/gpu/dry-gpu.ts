import { Gpu } from './gpu'

/** WebGPU's default limits, the smallest that any device has. */
export const DEFAULT_LIMITS = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxComputeWorkgroupsPerDimension: 65535,
} as const

/** Told what a dry device would do: the names of kernels, and the bytes of parameters and data. */
export type Journal = (entry: string | Uint8Array) => void

/**
 * A `Gpu` that computes nothing: it checks shapes and counts bytes, with the code that does the work.
 * `memory.peak` after a run is what the run would need on a device without optional features. Reads give zeros.
 *
 * @param limits those of the device to plan for
 * @param journal is told each kernel when it is first used, and all that is written to buffers
 */
export function dryGpu(
  limits: Partial<Record<keyof typeof DEFAULT_LIMITS, number>> = {},
  journal: Journal = () => {},
): Gpu {
  const nothing = {}
  const pass = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups() {}, end() {} }
  const encoder = {
    beginComputePass: () => pass,
    copyBufferToBuffer() {},
    clearBuffer() {},
    finish: () => nothing,
  }
  const device = {
    limits: { ...DEFAULT_LIMITS, ...limits },
    lost: new Promise(() => {}),
    queue: {
      writeBuffer: (_: unknown, __: number, data: ArrayBuffer | ArrayBufferView, at = 0, size?: number) =>
        journal(
          ArrayBuffer.isView(data)
            ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
            : new Uint8Array(data, at, size),
        ),
      submit() {},
      onSubmittedWorkDone: async () => {},
    },
    createBuffer: ({ size }: { size: number }) => ({
      size,
      destroy() {},
      unmap() {},
      mapAsync: async () => {},
      getMappedRange: () => new ArrayBuffer(size),
    }),
    createShaderModule: () => nothing,
    createBindGroupLayout: () => nothing,
    createPipelineLayout: () => nothing,
    createComputePipeline({ label, compute }: GPUComputePipelineDescriptor) {
      journal(`${label} ${JSON.stringify(compute.constants ?? {})}`)
      return nothing
    },
    createBindGroup: () => nothing,
    createCommandEncoder: () => encoder,
    destroy() {},
    onuncapturederror: null,
  }
  const adapter = {
    ...{ vendor: '', architecture: '', device: '', description: 'dry run' },
    ...{ subgroupMinSize: 0, subgroupMaxSize: 0, software: true },
  }
  return new Gpu(device as unknown as GPUDevice, adapter)
}
