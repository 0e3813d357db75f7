import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type FileDigest, type Gpu, type ModelFiles, modelDigests, openGpu } from '../index'
import { filesFromFolder } from '../io/model-files-node'
import { UsageError } from './options'
import type { Progress } from './progress'

/** The demonstration model that comes with the package. */
const bundledModel = () => fileURLToPath(new URL('../demo/public/model', import.meta.url))

/** The GPU, named to the user. */
export async function openNamedGpu(progress: Progress): Promise<Gpu> {
  const gpu = await openGpu()
  progress.note(`GPU: ${gpu.adapterName}${gpu.software ? ' (software: slow, for trying things out)' : ''}`)
  return gpu
}

export interface ModelFolder {
  /** `bundled`, or the folder's name. */
  readonly name: string
  readonly files: ModelFiles
  digests(): Promise<FileDigest[]>
}

/**
 * The files of a model's folder.
 *
 * @param folder `null` for the bundled model
 * @throws {UsageError} if it is not there
 */
export async function modelFolder(folder: string | null): Promise<ModelFolder> {
  const path = folder ?? bundledModel()
  await stat(path).catch(() => {
    throw new UsageError(`${path}: there is no such model folder`)
  })
  const files = filesFromFolder(path)
  return { name: folder === null ? 'bundled' : files.name, files, digests: () => modelDigests(files) }
}
