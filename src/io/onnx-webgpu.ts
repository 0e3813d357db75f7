const adopted = new WeakSet<GPUDevice>()

/**
 * Lets ONNX Runtime write to the device's buffers where WebGPU is Dawn in Node: its WebAssembly memory is shared, and
 * Dawn there ends the process when it is given shared memory. What passes here are the weights, once, and few sizes.
 */
export function adoptDevice(device: GPUDevice): void {
  if (!inNode() || adopted.has(device)) return
  adopted.add(device)
  const { queue } = device
  const write = queue.writeBuffer
  queue.writeBuffer = (buffer, offset, data, ...range) => {
    const shared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer
    write.call(
      queue,
      buffer,
      offset,
      (shared ? (data as Uint8Array).slice() : data) as BufferSource,
      ...range,
    )
  }
}

/** Runs `work` with a `navigator.gpu`: ONNX Runtime asks it for an adapter, and then uses the device that it is given. */
export async function withNavigator<T>(work: () => Promise<T>): Promise<T> {
  if ((globalThis.navigator as Navigator | undefined)?.gpu || !inNode()) return work()
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  const gpu = { requestAdapter: async () => ({}) }
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true })
  try {
    return await work()
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before)
    else Reflect.deleteProperty(globalThis, 'navigator')
  }
}

const inNode = () => typeof process !== 'undefined' && process.versions?.node !== undefined
