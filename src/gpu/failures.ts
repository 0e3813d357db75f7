import { DeviceLostError, type GpuError, OutOfMemoryError, ValidationError } from './errors'

/** Remembers the first thing that went wrong with a device: what follows an error is void. */
export class Failures {
  #first: GpuError | null = null

  /** @param name of the adapter, for the messages */
  constructor(device: GPUDevice, name: string) {
    device.onuncapturederror = ({ error }) => {
      const text = `${name}: ${error.message}`
      const full = typeof GPUOutOfMemoryError !== 'undefined' && error instanceof GPUOutOfMemoryError
      this.#first ??= full
        ? new OutOfMemoryError(`${text}. Use a smaller model, shorter texts or a smaller batch`)
        : new ValidationError(text)
    }
    void device.lost.then(info => {
      this.#first ??= new DeviceLostError(`${name}: device lost (${info.reason}): ${info.message}`)
    })
  }

  get first(): GpuError | null {
    return this.#first
  }
}
