import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { filesFromFolder } from '../../src/io/folder-files'
import { dawn } from './dawn'
import type { Place } from './place'
import { stopwatch } from './stopwatch'
import { startTorch } from './torch-process'
import { ourVersion, type Versions } from './versions'

/** What every subject runs on in Node. */
export function hostVersions(): Versions {
  const [cpu] = cpus()
  return {
    tabtune: ourVersion,
    node: process.versions.node,
    cpu: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`,
    system: `${process.platform} ${process.arch}`,
  }
}

/** As `hostVersions`, and Dawn's. */
export function gpuVersions(): Versions {
  const { version: webgpu } = createRequire(import.meta.url)('webgpu/package.json') as { version: string }
  return { ...hostVersions(), webgpu }
}

/** Node with Dawn. @param flags Dawn's, such as `enable-dawn-features=allow_unsafe_apis` */
export const nodePlace = (flags: readonly string[]): Place => ({
  name: 'node',
  versions: gpuVersions(),
  gpu: () => dawn(flags),
  stopwatch,
  folder: filesFromFolder,
  address: path => path,
  progress: text => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`),
  torch: startTorch,
})
