import { ModelFilesError } from './byte-source'
import type { CachedModel } from './cached-models'

export interface LockOptions {
  readonly signal?: AbortSignal | undefined
  /** Without it a lock that somebody has is an error, at once. */
  readonly wait?: boolean
}

/**
 * Where downloaded models stay. It only keeps small files under paths with `/`: what they mean, and whether they are
 * still what was written, is checked by whoever reads them. So a store may lose or damage a file, but not more.
 */
export interface ModelStore {
  /** What to call it in messages. */
  readonly name: string
  /** The whole file, or null where there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>
  /** Writes or replaces a file, and makes its folders. Rejects with the system's own error where space runs out. */
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Removes a file, or a folder with all in it; nothing happens where there is none. */
  remove(path: string): Promise<void>
  /**
   * The names of what is in a folder, in any order; none where there is no such folder. Among them may be what the store
   * keeps for itself, whose names begin with a dot.
   */
  list(folder: string): Promise<string[]>
  /** Bytes that can still be written, where the system says so. */
  free(): Promise<number | null>
  /** Asks the system not to evict the store when space runs short, where it may. */
  persist(): Promise<void>
  /** Runs `work` while no other tab or process has the lock `name`. Throws `StoreBusyError` if it may not wait. */
  lock<T>(name: string, work: () => Promise<T>, options?: LockOptions): Promise<T>
}

/** Whether a name that a store lists is not the store's own. */
export const isEntry = (name: string): boolean => !name.startsWith('.')

/** Another tab or process is working on the same model. */
export class StoreBusyError extends ModelFilesError {
  override name = 'StoreBusyError'
}

/** There is no room for a download. What was downloaded so far stays, and is continued when there is room. */
export class StorageFullError extends ModelFilesError {
  override name = 'StorageFullError'
  constructor(
    message: string,
    /** Bytes that are still to be written. */
    readonly needed: number,
    /** Bytes that are free, where the system says so. */
    readonly free: number | null,
    /** The cached models, which `removeModel` removes. */
    readonly models: readonly CachedModel[],
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Whether an error of a store's `write` says that space ran out: the browser's quota, or the disk or a limit of Node. */
export function isFull(error: unknown): boolean {
  const { name, code } = error as { name?: unknown; code?: unknown }
  return name === 'QuotaExceededError' || ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code as string)
}

/** A number of bytes in words, in decimal units as the Hub shows them: `1.3 GB`. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}
