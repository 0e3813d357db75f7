import { checkedFeatures } from './check-features'
import { NoAdapterError } from './errors'
import { DEVICE_FEATURES, type Feature } from './features'
import { Gpu } from './gpu'

export interface OpenOptions {
  /** Where WebGPU comes from. Default: `navigator.gpu`, or in Node the npm package "webgpu" (Dawn). */
  readonly entry?: GPU
  readonly powerPreference?: GPUPowerPreference
  /**
   * `'default'` asks for nothing beyond WebGPU's default limits. `'adapter'` (the default) asks for the
   * buffer sizes that the adapter offers. No other limit is ever needed.
   */
  readonly limits?: 'default' | 'adapter'
  /**
   * `'adapter'` (the default) uses the optional features that the adapter offers, `'none'` uses none. Everything works
   * without them, and results differ at most by rounding. Subgroups and immediates are tried first, and stay off where
   * they compute wrongly. `gpu.features` says which are on.
   */
  readonly features?: 'adapter' | 'none'
}

// Dawn's objects do not keep their instance alive, so this does.
let dawn: GPU | null = null

async function defaultEntry(): Promise<GPU> {
  const found = (globalThis.navigator as Navigator | undefined)?.gpu
  if (found) return found
  if (typeof process === 'undefined' || !process.versions?.node) {
    throw new NoAdapterError(
      'This browser has no WebGPU. Use a current Chrome or Edge, Safari 26, or Firefox 141 or later; the page must come over https or from localhost',
    )
  }
  if (!dawn) {
    // The name is a variable so that browser bundlers leave it alone.
    const name = 'webgpu'
    try {
      const module = (await import(/* @vite-ignore */ name)) as typeof import('webgpu')
      Object.assign(globalThis, module.globals)
      dawn = module.create([])
    } catch (cause) {
      throw new NoAdapterError('Node has no WebGPU of its own: npm install webgpu', { cause })
    }
  }
  return dawn
}

/** Known to run on the CPU, whatever `isFallbackAdapter` says. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render|warp/i

/**
 * Opens the visitor's GPU.
 *
 * @throws {NoAdapterError} if there is no WebGPU or no adapter; its message says what to do
 */
export async function openGpu({
  entry,
  powerPreference = 'high-performance',
  limits = 'adapter',
  features = 'adapter',
}: OpenOptions = {}): Promise<Gpu> {
  const gpu = entry ?? (await defaultEntry())
  const adapter = await gpu.requestAdapter({ powerPreference })
  if (!adapter) {
    throw new NoAdapterError(
      'WebGPU is there but offers no adapter: the GPU or its driver is blocked. On Linux without a GPU install a software driver (Debian: apt install mesa-vulkan-drivers)',
    )
  }
  const { vendor, architecture, device: model, description, isFallbackAdapter } = adapter.info
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = adapter.info
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits
  const requiredFeatures =
    features === 'adapter' ? DEVICE_FEATURES.filter(feature => adapter.features.has(feature)) : []
  const device = await adapter.requestDevice({
    label: 'tabtune',
    ...(requiredFeatures.length > 0 ? { requiredFeatures } : {}),
    requiredLimits: limits === 'adapter' ? { maxBufferSize, maxStorageBufferBindingSize } : {},
  })
  const software =
    isFallbackAdapter === true || SOFTWARE.test(`${vendor} ${architecture} ${model} ${description}`)
  const own: readonly Feature[] =
    features === 'adapter' && gpu.wgslLanguageFeatures?.has('immediate_address_space') ? ['immediates'] : []
  const info = {
    vendor,
    architecture,
    device: model,
    description,
    subgroupMinSize,
    subgroupMaxSize,
    software,
  }
  return new Gpu(device, info, await checkedFeatures(device, info, [...requiredFeatures, ...own]))
}
