import { filesFromUrl } from '../../src/io/model-files'
import type { Place } from './place'
import { ourVersion } from './versions'

/** A page of a browser, served by `bench/harness/chromium.ts`. */
export function pagePlace(): Place {
  const address = (path: string) => new URL(`/files/${path}`, location.href).href
  const browser = /(?:HeadlessChrome|Chrome|Firefox|Version)\/[\d.]+/.exec(navigator.userAgent)?.[0]
  return {
    name: 'chromium',
    versions: {
      tabtune: ourVersion,
      browser: browser?.replace('/', ' ') ?? navigator.userAgent,
      cpu: `${navigator.hardwareConcurrency} cores`,
      system: navigator.platform,
    },
    async gpu() {
      if (!navigator.gpu) throw new Error('this browser has no WebGPU')
      return navigator.gpu
    },
    stopwatch() {
      const start = performance.now()
      return () => ({ milliseconds: performance.now() - start, cpuSeconds: null })
    },
    folder: path => filesFromUrl(address(path)),
    address,
    progress: text => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`),
    torch: null,
  }
}
