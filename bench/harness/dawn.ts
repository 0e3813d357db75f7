let opened: GPU | null = null

/**
 * WebGPU in Node (Dawn), also as `navigator.gpu`, where peers look for it: all contenders use the same adapter.
 *
 * @param flags Dawn's; those of the first call count
 * @throws {Error} if the package `webgpu` is not installed
 */
export async function dawn(flags: readonly string[] = []): Promise<GPU> {
  if (opened) return opened
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const gpu = create([...flags])
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu, userAgent: `Node ${process.version}`, hardwareConcurrency: 1 },
    configurable: true,
  })
  opened = gpu
  return gpu
}
