import { type Command, encode } from './commands'

/** Where uploads and commands go, and are done in the order in which they are handed in. */
export interface WorkQueue {
  /** The bytes may change once this returns. */
  write(buffer: GPUBuffer, offset: number, bytes: Uint8Array): void
  run(lists: readonly (readonly Command[])[]): void
  /** Calls `action` once all that was handed in is the device's: at once where it always is. */
  afterwards(action: () => void): void
  /** Settles once all that was handed in is the device's; null where it always is. */
  handedOver(): Promise<void> | null
}

/** The device's own queue. */
export class DeviceQueue implements WorkQueue {
  constructor(private readonly device: GPUDevice) {}

  write(buffer: GPUBuffer, offset: number, bytes: Uint8Array): void {
    this.device.queue.writeBuffer(buffer, offset, bytes as BufferSource)
  }

  run(lists: readonly (readonly Command[])[]): void {
    const encoder = this.device.createCommandEncoder()
    encode(encoder, lists)
    this.device.queue.submit([encoder.finish()])
  }

  afterwards(action: () => void): void {
    action()
  }

  handedOver(): null {
    return null
  }
}
