import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { version } from '../../package.json'

declare const __COMMIT__: string

/** What ran: names and versions. */
export type Versions = Readonly<Record<string, string>>

/** What every subject runs on. */
export function hostVersions(): Versions {
  const [cpu] = cpus()
  return {
    tabtune: __COMMIT__ ? `${version} (${__COMMIT__})` : version,
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
