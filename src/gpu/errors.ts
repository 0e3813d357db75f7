/** Every error the GPU layer throws; catch this to catch them all. */
export class GpuError extends Error {
  override name = 'GpuError'
}

/** WebGPU is missing, or it offers no adapter. */
export class NoAdapterError extends GpuError {
  override name = 'NoAdapterError'
}

/** A tensor does not have the axes a kernel declares. */
export class ShapeError extends GpuError {
  override name = 'ShapeError'
}

/** A buffer, or the whole job, does not fit. */
export class OutOfMemoryError extends GpuError {
  override name = 'OutOfMemoryError'
}

/** The implementation rejected a command; its message says which. Everything after it is void. */
export class ValidationError extends GpuError {
  override name = 'ValidationError'
}

/** The device went away: driver reset, GPU process crash, or `dispose()`. */
export class DeviceLostError extends GpuError {
  override name = 'DeviceLostError'
}
