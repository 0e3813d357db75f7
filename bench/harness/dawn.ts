/**
 * WebGPU in Node (Dawn), also as `navigator.gpu`, where peers look for it: all contenders use the same adapter.
 *
 * @throws {Error} if the package `webgpu` is not installed
 */
export async function dawn(): Promise<GPU> {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const gpu = create([])
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu, userAgent: `Node ${process.version}`, hardwareConcurrency: 1 },
    configurable: true,
  })
  return gpu
}
