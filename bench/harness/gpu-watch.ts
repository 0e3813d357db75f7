/** Time that the host spent waiting for results of the GPU, and buffers that exist, staging included. */
export interface GpuWatch {
  /** Milliseconds in which at least one buffer was being mapped. */
  readonly waited: number
  /** The most bytes of buffers that existed at a time since `reset`. */
  readonly peakBytes: number
  reset(): void
}

/** Watches a device from its creation on, by what it is asked for. */
export function watchGpu(device: GPUDevice): GpuWatch {
  let allocated = 0
  let peak = 0
  let waited = 0
  let waiting = 0
  let since = 0
  const { createBuffer } = device
  device.createBuffer = descriptor => {
    const buffer = createBuffer.call(device, descriptor)
    const { mapAsync, destroy } = buffer
    allocated += descriptor.size
    peak = Math.max(peak, allocated)
    let alive = true
    buffer.destroy = () => {
      if (alive) allocated -= descriptor.size
      alive = false
      destroy.call(buffer)
    }
    buffer.mapAsync = async (...parameters) => {
      if (waiting++ === 0) since = performance.now()
      try {
        await mapAsync.apply(buffer, parameters)
      } finally {
        if (--waiting === 0) waited += performance.now() - since
      }
    }
    return buffer
  }
  return {
    get waited() {
      return waited
    },
    get peakBytes() {
      return peak
    },
    reset() {
      peak = allocated
      waited = 0
    },
  }
}
