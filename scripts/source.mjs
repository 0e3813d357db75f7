// The library's source as it is, whatever its index exports, for scripts that check it by hand.

import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

/**
 * Runs `run` with a function that loads a module of src by its path without `.ts`, then ends the process: Dawn keeps
 * it alive as long as its device exists.
 */
export async function withSource(run) {
  const server = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    configFile: false,
    appType: 'custom',
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
    // Node 20 has no `using`.
    oxc: { target: 'node20' },
  })
  try {
    await run(path => server.ssrLoadModule(`/src/${path}.ts`))
  } finally {
    await server.close()
  }
  process.exit()
}

/** The storage of weights by its name: f32, f16, int8 or int4. */
export async function storageOf(load, name) {
  const module = await load(`ops/format-${name}`)
  return name === 'int4' ? module.int4() : module[name]
}

export const mebibytes = bytes => `${(bytes / 2 ** 20).toFixed(0)} MiB`
export const seconds = since => `${((performance.now() - since) / 1000).toFixed(1)} s`
