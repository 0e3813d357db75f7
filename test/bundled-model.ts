import { filesFromUrl, type ModelFiles } from '../src/io/model-files'
import { loadModel, type Model } from '../src/models/load-model'
import { test as base } from './gpu'

/** The files of the model that comes with the package: from disk in Node, from the page's server in a browser. */
export async function bundledFiles(): Promise<ModelFiles> {
  const place = 'demo/public/model'
  if (globalThis.location) return filesFromUrl(`/${place}/`)
  const { filesFromFolder } = await import('../src/io/folder-files')
  const { fileURLToPath } = await import('node:url')
  return filesFromFolder(fileURLToPath(new URL(`../${place}`, import.meta.url)))
}

/** `test` with the bundled model, loaded once for a file. */
export const test = base.extend<{ model: Model }>({
  model: [
    async ({ gpu }, use) => {
      using model = await loadModel(gpu, await bundledFiles())
      await use(model)
    },
    { scope: 'file' },
  ],
})
